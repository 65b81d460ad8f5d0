# SPDX-License-Identifier: BSD-2-Clause
# gnuplot -e 'dir="FOLDER"; picture="picture.png"' picture.gnuplot
# Draws map.txt and wells.txt, which the program left in FOLDER.
if (!exists("dir")) dir = '.'
if (!exists("picture")) picture = 'picture.png'
map = dir.'/map.txt'
wells = dir.'/wells.txt'

# one scale for truth and estimate, from the truth; one of its own for the difference
stats map using 3 nooutput name 'T'
low = floor(T_min * 10) / 10.; high = ceil(T_max * 10) / 10.
half = (high - low) / 2

set terminal pngcairo size 1500,900 font 'sans,12' background rgb 'white'
set output picture
set multiplot
set xrange [0:4]
set yrange [0:2]
set xtics 1
set ytics 1
set tics out nomirror
set border lw 1.2
set title offset 0,-0.5 font ',14'
set key off
set palette defined (0 '#440154', 0.13 '#482878', 0.25 '#3e4a89', 0.38 '#31688e', 0.5 '#26828e', 0.63 '#1f9e89', 0.75 '#6cce59', 0.88 '#b4de2c', 1 '#fde725')
x1 = 0.035; x2 = 0.445; x3 = 0.535; x4 = 0.945
y1 = 0.065; y2 = 0.45; y3 = 0.55; y4 = 0.95
dots = "wells index 0 using ($1/1e3):($2/1e3) with points pt 7 ps 0.7 lc rgb 'white', wells index 0 using ($1/1e3):($2/1e3) with points pt 6 ps 0.75 lc rgb 'black'"
pumps = "wells index 1 using ($1/1e3):($2/1e3) with points pt 11 ps 2 lc rgb 'white', wells index 1 using ($1/1e3):($2/1e3) with points pt 11 ps 1.4 lc rgb '#d7191c'"

set lmargin at screen x1; set rmargin at screen x2; set bmargin at screen y3; set tmargin at screen y4
set cbrange [low:high]
set colorbox user origin screen x2+0.008,y3 size screen 0.011,y4-y3
set title 'Truth: log_{10} of the transmissivity (m^2/day)'
plot map using ($1/1e3):($2/1e3):3 with image

set lmargin at screen x3; set rmargin at screen x4
set colorbox user origin screen x4+0.008,y3 size screen 0.011,y4-y3
set title 'Estimate from the heads in the wells (circles)'
plot map using ($1/1e3):($2/1e3):4 with image, @dots

set lmargin at screen x1; set rmargin at screen x2; set bmargin at screen y1; set tmargin at screen y2
set palette defined (-1 '#2166ac', -0.5 '#92c5de', 0 '#f7f7f7', 0.5 '#f4a582', 1 '#b2182b')
set cbrange [-half:half]
set colorbox user origin screen x2+0.008,y1 size screen 0.011,y2-y1
set xlabel 'km' offset 0,0.5
set title 'Estimate less truth'
plot map using ($1/1e3):($2/1e3):($4-$3) with image, wells index 0 using ($1/1e3):($2/1e3) with points pt 6 ps 0.7 lc rgb '#555555'

set lmargin at screen x3; set rmargin at screen x4
set palette defined (0 '#08306b', 0.35 '#2171b5', 0.7 '#9ecae1', 1 '#f7fbff')
set cbrange [5:*]
set colorbox user origin screen x4+0.008,y1 size screen 0.011,y2-y1
set title 'Head of the estimate (m); triangles: pumped wells'
plot map using ($1/1e3):($2/1e3):5 with image, @dots, @pumps
unset multiplot
