# SPDX-License-Identifier: BSD-2-Clause
# gnuplot -e 'data="convergence.txt"; picture="picture.png"' picture.gnuplot
if (!exists("data")) data = 'convergence.txt'
if (!exists("picture")) picture = 'picture.png'
set terminal pngcairo size 1300,480 font 'sans,12' background rgb 'white'
set output picture
set multiplot layout 1,2
set logscale y
set format y '10^{%L}'
set ylabel '|gradient|'
set tics out nomirror
set grid lc rgb '#dddddd'
set key top right
set logscale x
set xlabel 'iterations'
plot data index 0 using ($1+1):6 with lines lw 2 lc rgb '#d7191c' title 'L-BFGS', \
     data index 1 using ($1+1):6 with linespoints lw 2 pt 7 ps 0.6 lc rgb '#2c7bb6' title 'Newton-CG', \
     data index 3 using ($1+1):6 with linespoints lw 2 pt 5 ps 0.6 lc rgb '#1a9641' title 'Gauss-Newton'
unset logscale x
set xlabel 'Jacobians, those of products with the Hessian included'
set format x '%.0s%c'
plot data index 0 using 3:6 with lines lw 2 lc rgb '#d7191c' title 'L-BFGS', \
     data index 1 using 3:6 with linespoints lw 2 pt 7 ps 0.6 lc rgb '#2c7bb6' title 'Newton-CG', \
     data index 2 using 3:6 with linespoints lw 2 pt 9 ps 0.6 lc rgb '#80b1d3' title 'Newton-CG, by a tangent', \
     data index 3 using 3:6 with linespoints lw 2 pt 5 ps 0.6 lc rgb '#1a9641' title 'Gauss-Newton'
