# SPDX-License-Identifier: BSD-2-Clause
# gnuplot -e 'data="r.txt"; picture="picture.png"' picture.gnuplot      data: what -r_view ascii:r.txt writes
if (!exists("data")) data = 'r.txt'
if (!exists("picture")) picture = 'picture.png'
set terminal pngcairo size 760,420 font 'sans,12' background rgb 'white'
set output picture
numbers = sprintf("< grep '^[-0-9]' '%s'", data)
stats numbers using 1 nooutput
set xlabel 'x, along the coast'
set ylabel 'r, how fast it grows'
set xrange [0:1]
set yrange [0:3]
set tics out nomirror
set grid lc rgb '#dddddd'
set key top right
plot 1.5 + sin(6*x) with lines lw 6 lc rgb '#cccccc' title 'as it is', \
     1 with lines lw 2 dt 2 lc rgb '#666666' title 'first guess', \
     numbers using (($0+.5)/STATS_records):1 with lines lw 2 lc rgb '#2c7bb6' title 'found from the four times'
