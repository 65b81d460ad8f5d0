# SPDX-License-Identifier: BSD-2-Clause
# gnuplot -e 'dir="FOLDER"; picture="map.png"' map.gnuplot
# Draws map.txt and season.txt, which the program left in FOLDER.
if (!exists("dir")) dir = '.'
if (!exists("picture")) picture = 'map.png'
map = dir.'/map.txt'
season = dir.'/season.txt'

set terminal pngcairo size 1560,1010 font 'sans,13' background rgb 'white'
set output picture
set multiplot
left = 0.045; middle = 0.470; right = 0.490; edge = 0.915
low = 0.055; lowtop = 0.445; high = 0.55; top = 0.94

set palette defined (0 '#440154', 0.13 '#482878', 0.25 '#3e4a89', 0.38 '#31688e', 0.5 '#26828e', 0.63 '#1f9e89', 0.75 '#6cce59', 0.88 '#b4de2c', 1 '#fde725')
set logscale cb 2
set cbrange [15:120]
set cbtics (15, 20, 30, 40, 60, 80, 120)
set xrange [20:380]
set yrange [-64:80]
set xtics ('60°E' 60, '120°E' 120, '180°' 180, '120°W' 240, '60°W' 300, '0°' 360)
set ytics ('60°S' -60, '30°S' -30, 'Eq.' 0, '30°N' 30, '60°N' 60)
set tics out nomirror
unset key
unset colorbox
set border lw 1.2
set title offset 0,-0.4
set object 1 rectangle from graph 0,0 to graph 1,1 fillcolor rgb '#c9c9c9' fillstyle solid noborder behind

set lmargin at screen left
set rmargin at screen middle
set bmargin at screen high
set tmargin at screen top
set title 'Inferred from the seasonal cycle of surface temperature' font ',15'
plot map using 1:2:3 with image

set ytics ('' -60, '' -30, '' 0, '' 30, '' 60)
set lmargin at screen right
set rmargin at screen edge
set colorbox user origin screen 0.922,low size screen 0.013,top-low
set cblabel 'mixed-layer depth (m); grey: land, ice, or not observed in every month' offset 0.3,0
set title 'Levitus temperatures, 0.5 K below the surface: mean of the year' font ',15'
plot map using 1:2:4 with image

unset colorbox
set bmargin at screen low
set tmargin at screen lowtop
set title 'The same: harmonic mean of the year' font ',15'
plot map using 1:2:5 with image

unset object 1
unset logscale cb
set lmargin at screen left
set rmargin at screen middle
set xrange [0:12]
set yrange [2:21]
set xtics ('Jan' 0.5, 'Mar' 2.5, 'May' 4.5, 'Jul' 6.5, 'Sep' 8.5, 'Nov' 10.5)
set ytics 5
set format y '%g'
set grid ytics lc rgb '#dddddd'
set label 1 'Atlantic, 30°W' at 4.1,15.4 right textcolor rgb '#b34a00'
set label 2 'Pacific, 180°' at 4.1,7.9 right textcolor rgb '#1b6ca8'
set key top left Left reverse samplen 3 spacing 1.1
set title 'Surface temperature at 46°N (°C)' font ',15'
plot season using 1:2 with lines lw 7 lc rgb '#bdbdbd' title 'observed', \
     season using 1:5 with lines lw 7 lc rgb '#bdbdbd' notitle, \
     season using 1:3 with lines lw 2 dt 2 lc rgb '#b34a00' notitle, \
     season using 1:6 with lines lw 2 dt 2 lc rgb '#1b6ca8' notitle, \
     season using 1:4 with lines lw 2.5 lc rgb '#b34a00' notitle, \
     season using 1:7 with lines lw 2.5 lc rgb '#1b6ca8' notitle, \
     NaN with lines lw 2 dt 2 lc rgb '#444444' title 'first guess (one depth everywhere)', \
     NaN with lines lw 2.5 lc rgb '#444444' title 'fitted'
unset multiplot
