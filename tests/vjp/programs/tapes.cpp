// SPDX-License-Identifier: BSD-2-Clause
// Local functions of problems of the zoo, written once for values and for tapes.  Small problems see the whole state.
#include <cmath>
#include <cstring>
#include <costate/adolc.hpp>
#include "tapes.h"

namespace {

struct Lotka {
  template <class T> static void f(const T &, const T *u, const T *, const T *p, T *f, void *ctx)
  {
    const TapePlace *at = static_cast<const TapePlace *>(ctx);

    for (PetscInt i = 0; i < at->rows; i++) {
      if (at->first + i == 0)
        f[i] = p[0] * u[0] - p[1] * u[0] * u[1];
      else
        f[i] = -p[2] * u[1] + p[3] * u[0] * u[1];
    }
  }
};

struct LotkaT {
  template <class T> static void f(const T &t, const T *u, const T *, const T *p, T *f, void *ctx)
  {
    const TapePlace *at = static_cast<const TapePlace *>(ctx);

    for (PetscInt i = 0; i < at->rows; i++) {
      if (at->first + i == 0)
        f[i] = p[0] * u[0] - p[1] * u[0] * u[1] * t;
      else
        f[i] = -p[2] * u[1] + p[3] * u[0] * u[1] * t;
    }
  }
};

// M u' - A u - p: one side
struct Mass {
  template <class T> static void f(const T &, const T *u, const T *udot, const T *p, T *f, void *ctx)
  {
    static const double A[] = {1, 2, 3, 4, 5, 6, 7, 8, 9}, M[] = {-1, -2, -4, -2, -3, -7, -1, -3, -41};
    const TapePlace    *at = static_cast<const TapePlace *>(ctx);

    for (PetscInt i = 0; i < at->rows; i++) {
      const PetscInt row = at->first + i;

      f[i] = -p[row];
      for (PetscInt j = 0; j < 3; j++) f[i] += M[3 * row + j] * udot[j] - A[3 * row + j] * u[j];
      if (row == 1) f[i] -= p[0] + p[1] + p[2];
    }
  }
};

struct Dae1 {
  template <class T> static void f(const T &, const T *u, const T *udot, const T *p, T *f, void *ctx)
  {
    const TapePlace *at = static_cast<const TapePlace *>(ctx);

    for (PetscInt i = 0; i < at->rows; i++) {
      if (at->first + i == 0)
        f[i] = udot[0] - u[1];
      else
        f[i] = p[0] * u[0] - u[1];
    }
  }
};

// Problems of a few unknowns: every rank evaluates all rows and has its own.
template <class P> struct Small {
  template <class T> static void f(const T &, const T *u, const T *udot, const T *p, T *f, void *ctx)
  {
    const TapePlace *at = static_cast<const TapePlace *>(ctx);
    T                all[3];

    P::all(u, udot, p, all);
    for (PetscInt i = 0; i < at->rows; i++) f[i] = all[at->first + i];
  }
};

struct Hessian3 {
  template <class T> static void all(const T *u, const T *, const T *p, T *f)
  {
    f[0] = -p[0] * u[0] * u[0] - u[2];
    f[1] = -u[1];
    f[2] = -p[1] * p[1] * u[1] * u[2];
  }
};

struct VanDerPol {
  template <class T> static void all(const T *u, const T *, const T *p, T *f)
  {
    f[0] = u[1];
    f[1] = p[0] * (1. - u[0] * u[0]) * u[1] - u[0];
  }
};

struct VdpStiff {
  template <class T> static void all(const T *u, const T *, const T *p, T *f)
  {
    f[0] = u[1];
    f[1] = p[0] * ((1. - u[0] * u[0]) * u[1] - u[0]);
  }
};

struct Ex23 {
  template <class T> static void all(const T *u, const T *udot, const T *p, T *f)
  {
    f[0] = p[0] * udot[0] - 4. * u[0];
  }
};

struct Linear2 {
  template <class T> static void all(const T *u, const T *, const T *p, T *f)
  {
    f[0] = p[0] * u[0] + p[1] * u[1];
    f[1] = p[2] * u[0] + p[3] * u[1];
  }
};

struct Lorenz63 {
  template <class T> static void all(const T *u, const T *, const T *p, T *f)
  {
    f[0] = p[0] * (u[1] - u[0]);
    f[1] = u[0] * (p[1] - u[2]) - u[1];
    f[2] = u[0] * u[1] - p[2] * u[2];
  }
};

struct Robertson {
  template <class T> static void all(const T *u, const T *udot, const T *p, T *f)
  {
    f[0] = udot[0] + p[0] * u[0] - p[2] * u[1] * u[2];
    f[1] = udot[1] - p[0] * u[0] + p[2] * u[1] * u[2] + p[1] * u[1] * u[1];
    f[2] = 1. - u[0] - u[1] - u[2];
  }
};

struct Rest {
  template <class T> static void all(const T *u, const T *, const T *p, T *f)
  {
    f[0] = p[0] + p[1] * u[0];
    f[1] = p[2] * u[0] + p[3] * u[1];
  }
};

struct Pendulum {
  template <class T> static void all(const T *u, const T *, const T *p, T *f)
  {
    using std::sin;

    f[0] = u[1];
    f[1] = -p[1] * sin(u[0]) - p[0] * u[1];
  }
};

// Lines of nodes
struct Heat {
  template <class T> static void f(const T &, const T *u, const T *, const T *p, T *f, void *ctx)
  {
    const TapePlace *at = static_cast<const TapePlace *>(ctx);

    for (PetscInt i = at->x; i < at->x + at->m; i++) {
      const T *x   = u + i - at->gx;
      T        sum = -2. * x[0];

      if (i > 0) sum += x[-1];
      if (i < at->nodes - 1) sum += x[1];
      *f++ = p[0] * sum / (at->h * at->h);
    }
  }
};

struct Linear {
  template <class T> static void f(const T &, const T *u, const T *, const T *p, T *f, void *ctx)
  {
    const TapePlace *at = static_cast<const TapePlace *>(ctx);

    for (PetscInt i = at->x; i < at->x + at->m; i++) {
      const T *x = u + i - at->gx;

      *f = -p[0] * x[0];
      if (i > 0) *f -= p[1] * x[-1];
      if (i < at->nodes - 1) *f += p[1] * x[1];
      f++;
    }
  }
};

// The forcing is a parameter of each node.
struct Lorenz96 {
  template <class T> static void f(const T &, const T *u, const T *, const T *p, T *f, void *ctx)
  {
    const TapePlace *at = static_cast<const TapePlace *>(ctx);

    for (PetscInt i = at->x; i < at->x + at->m; i++) {
      const T *x = u + i - at->gx;

      *f++ = (x[1] - x[-2]) * x[-1] - x[0] + *p++;
    }
  }
};

struct Brusselator {
  template <class T> static void f(const T &, const T *u, const T *, const T *p, T *f, void *ctx)
  {
    const TapePlace *at = static_cast<const TapePlace *>(ctx);

    for (PetscInt j = 0; j < at->n; j++) {
      for (PetscInt i = 0; i < at->m; i++) {
        const PetscInt k = 2 * ((j + at->y - at->gy) * at->gm + i + at->x - at->gx), line = 2 * at->gm;
        const T        r = u[k] * u[k] * u[k + 1];
        T              l[2];

        for (int c = 0; c < 2; c++)
          l[c] = (u[k - 2 + c] + u[k + 2 + c] + u[k - line + c] + u[k + line + c] - 4. * u[k + c]) / (at->h * at->h);
        *f++ = p[0] + r - (p[1] + 1.) * u[k] + p[2] * l[0];
        *f++ = p[1] * u[k] - r + p[2] * l[1];
      }
    }
  }
};

// The source is a parameter of each node: the rank's own.
template <int Wall> struct Advdiff {
  template <class T> static void f(const T &, const T *u, const T *, const T *p, T *f, void *ctx)
  {
    const TapePlace *at = static_cast<const TapePlace *>(ctx);
    const double     h = at->h, d = 0.01 / (h * h);
    const double     c[5] = {-1 / h - .5 / h - 4 * d, 1 / h + d, d, .5 / h + d, d};
    const PetscInt   end  = at->nodes - 1;

    for (PetscInt j = at->y; j < at->y + at->n; j++) {
      for (PetscInt i = at->x; i < at->x + at->m; i++, f++) {
        const T *x = u + (j - at->gy) * at->gm + i - at->gx;

        *f = c[0] * x[0] + *p++;
        if (!Wall || i > 0) *f += c[1] * x[-1];
        if (!Wall || i < end) *f += c[2] * x[1];
        if (!Wall || j > 0) *f += c[3] * x[-at->gm];
        if (!Wall || j < end) *f += c[4] * x[at->gm];
      }
    }
  }
};

// Growth that ends at a limit: another line of code
struct Limited {
  template <class T> static void f(const T &t, const T *u, const T *, const T *p, T *f, void *ctx)
  {
    const TapePlace *at = static_cast<const TapePlace *>(ctx);

    for (PetscInt i = 0; i < at->rows; i++) {
      if (u[i] < p[1])
        f[i] = p[0] * u[i] * (1. + t);
      else
        f[i] = p[0] * p[1] * (1. + t) - (u[i] - p[1]) * u[i];
    }
  }
};

// Another function than Limited
struct Wrong {
  template <class T> static void f(const T &, const T *u, const T *, const T *p, T *f, void *ctx)
  {
    const TapePlace *at = static_cast<const TapePlace *>(ctx);

    for (PetscInt i = 0; i < at->rows; i++) f[i] = p[1] * u[i] * u[i];
  }
};

// A state of rest: u^3 + p0 u = p1, where there is no u'
struct Cubic {
  template <class T> static void f(const T &, const T *u, const T *udot, const T *p, T *f, void *ctx)
  {
    const TapePlace *at = static_cast<const TapePlace *>(ctx);

    for (PetscInt i = 0; i < at->rows; i++) f[i] = udot ? u[i] : u[i] * u[i] * u[i] + p[0] * u[i] - p[1];
  }
};

// The logarithm of what becomes negative
struct Outside {
  template <class T> static void f(const T &, const T *u, const T *, const T *p, T *f, void *ctx)
  {
    using std::log;
    const TapePlace *at = static_cast<const TapePlace *>(ctx);

    for (PetscInt i = 0; i < at->rows; i++) f[i] = p[0] * log(u[i] - 100.);
  }
};

// One dependent too few
PetscErrorCode Short(Costate, const CostateTape *tape, PetscReal, const PetscReal u[], const PetscReal[],
                     const PetscReal[], PetscReal f[], void *)
{
  adouble a, b;

  trace_on(tape->tag, 1, tape->buffers[0], tape->buffers[1], tape->buffers[2], tape->buffers[3]);
  a <<= u[0];
  b = a * a;
  b >>= f[0];
  trace_off();
  return static_cast<PetscErrorCode>(0);
}

struct Throws {
  template <class T> static void f(const T &, const T *, const T *, const T *, T *, void *)
  {
    throw std::exception();
  }
};

} // namespace

PetscErrorCode TapesSet(const char problem[], Costate cs, TapePlace *at)
{
  static const struct {
    const char *name;
    CostateSide side;
    PetscErrorCode (*set)(Costate, CostateSide, void *);
  } tapes[] = {{"lotka", COSTATE_RHS, CostateSetTapeOf<Lotka>},
               {"lotka_t", COSTATE_RHS, CostateSetTapeOf<LotkaT>},
               {"mass", COSTATE_I, CostateSetTapeOf<Mass>},
               {"dae1", COSTATE_I, CostateSetTapeOf<Dae1>},
               {"hessian3", COSTATE_RHS, CostateSetTapeOf<Small<Hessian3>>},
               {"vanderpol", COSTATE_RHS, CostateSetTapeOf<Small<VanDerPol>>},
               {"vdp_stiff", COSTATE_RHS, CostateSetTapeOf<Small<VdpStiff>>},
               {"ex23", COSTATE_I, CostateSetTapeOf<Small<Ex23>>},
               {"linear2", COSTATE_RHS, CostateSetTapeOf<Small<Linear2>>},
               {"lorenz63", COSTATE_RHS, CostateSetTapeOf<Small<Lorenz63>>},
               {"robertson", COSTATE_I, CostateSetTapeOf<Small<Robertson>>},
               {"pendulum", COSTATE_RHS, CostateSetTapeOf<Small<Pendulum>>},
               {"rest", COSTATE_RHS, CostateSetTapeOf<Small<Rest>>},
               {"heat", COSTATE_RHS, CostateSetTapeOf<Heat>},
               {"linear", COSTATE_RHS, CostateSetTapeOf<Linear>},
               {"lorenz96", COSTATE_RHS, CostateSetTapeOf<Lorenz96>},
               {"brusselator", COSTATE_RHS, CostateSetTapeOf<Brusselator>},
               {"advdiff", COSTATE_RHS, CostateSetTapeOf<Advdiff<0>>},
               {"advdiff/dirichlet", COSTATE_RHS, CostateSetTapeOf<Advdiff<1>>},
               {"cubic", COSTATE_I, CostateSetTapeOf<Cubic>},
               {"limited", COSTATE_RHS, CostateSetTapeOf<Limited>},
               {"wrong", COSTATE_RHS, CostateSetTapeOf<Wrong>},
               {"outside", COSTATE_RHS, CostateSetTapeOf<Outside>},
               {"throws", COSTATE_RHS, CostateSetTapeOf<Throws>}};

  if (!std::strcmp(problem, "short")) return CostateSetTape(cs, COSTATE_RHS, Short, at);
  for (const auto &tape : tapes)
    if (!std::strcmp(problem, tape.name)) return tape.set(cs, tape.side, at);
  return static_cast<PetscErrorCode>(PETSC_ERR_ARG_OUTOFRANGE);
}
