# SPDX-License-Identifier: BSD-2-Clause
# gnuplot -e 'dir="FOLDER"; picture="picture.png"' picture.gnuplot
# Draws map.txt and zonal.txt, which the program left in FOLDER.
if (!exists("dir")) dir = '.'
if (!exists("picture")) picture = 'picture.png'
map = dir.'/map.txt'
zonal = dir.'/zonal.txt'

# the coasts, as lines between land and sea
set contour base
set cntrparam levels discrete 0.5
unset surface
set table $coast
splot map using 1:2:6
unset table
unset contour
set surface

set terminal pngcairo size 1560,1010 font 'sans,13' background rgb 'white'
set output picture
set multiplot
left = 0.045; middle = 0.445; right = 0.545; edge = 0.945
low = 0.055; lowtop = 0.445; high = 0.55; top = 0.94

set palette defined (-20 '#313695', -10 '#4575b4', -5 '#74add1', 0 '#e0f3f8', 5 '#ffffbf', 10 '#fee090', 15 '#fdae61', 20 '#f46d43', 25 '#d73027', 30 '#7f0018')
set cbrange [-20:30]
set cbtics 10
set xrange [20:380]
set yrange [-90:90]
set xtics ('60°E' 60, '120°E' 120, '180°' 180, '120°W' 240, '60°W' 300, '0°' 360)
set ytics ('60°S' -60, '30°S' -30, 'Eq.' 0, '30°N' 30, '60°N' 60)
set tics out nomirror
unset key
set border lw 1.2
set title offset 0,-0.4
set object 1 rectangle from graph 0,0 to graph 1,1 fillcolor rgb '#c9c9c9' fillstyle solid noborder behind
coast = "$coast using 1:2 with lines lw 1 lc rgb '#333333'"

set bmargin at screen high
set tmargin at screen top
set lmargin at screen left
set rmargin at screen middle
set colorbox user origin screen middle+0.008,high size screen 0.011,top-high
set title 'Observed: air near the surface, mean of the year (°C)' font ',15'
plot map using 1:2:3 with image, @coast

set lmargin at screen right
set rmargin at screen edge
set colorbox user origin screen edge+0.008,high size screen 0.011,top-high
set title 'The model, fitted (°C)' font ',15'
plot map using 1:2:5 with image, @coast

set palette defined (-1 '#2166ac', -0.5 '#92c5de', 0 '#f7f7f7', 0.5 '#f4a582', 1 '#b2182b')
set cbrange [-8:8]
set cbtics 2
set bmargin at screen low
set tmargin at screen lowtop
set lmargin at screen left
set rmargin at screen middle
set colorbox user origin screen middle+0.008,low size screen 0.011,lowtop-low
set title 'The model less what is observed (K)' font ',15'
plot map using 1:2:($5-$3) with image, @coast

unset object 1
unset colorbox
set lmargin at screen right
set rmargin at screen edge
set xrange [-90:90]
set yrange [-35:32]
set xtics ('90°S' -90, '60°S' -60, '30°S' -30, 'Eq.' 0, '30°N' 30, '60°N' 60, '90°N' 90)
set ytics 10
set format y '%g'
set grid ytics lc rgb '#dddddd'
set key at graph 0.5,0.06 center bottom Left reverse samplen 3 spacing 1.15
set title 'Mean around each parallel (°C)' font ',15'
plot zonal using 1:2 with lines lw 8 lc rgb '#bdbdbd' title 'observed', \
     zonal using 1:3 with lines lw 2 dt 2 lc rgb '#1b6ca8' title 'model before the fit, where observed', \
     zonal using 1:4 with lines lw 2.5 lc rgb '#b2182b' title 'model, fitted, where observed', \
     zonal using 1:5 with lines lw 1.5 dt 3 lc rgb '#b2182b' title 'model, fitted, all around'
unset multiplot
