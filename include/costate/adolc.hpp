/* SPDX-License-Identifier: BSD-2-Clause */
/*
  Tapes of ADOL-C for CostateSetTape(), from a function that is written once, as a template:

    struct Reaction {
      template <class T>
      static void f(const T &t, const T *u, const T *udot, const T *p, T *f, void *ctx)
      {
        f[0] = p[0] * u[0] - p[1] * u[0] * u[1];
        ...
      }
    };

    CostateSetTapeOf<Reaction>(cs, COSTATE_RHS, ctx);                       -costate_vjp adolc -costate_vjp_p adolc

  With T = PetscReal it is what TSSetRHSFunction() needs, so that values and derivatives are of the same lines.  u is
  what the rank sees of the state, ghost points and all; f are its own rows.  See docs/derivatives-adolc.md.

  The program is linked with -lcostate -ladolc.
*/
#ifndef COSTATE_ADOLC_HPP
#define COSTATE_ADOLC_HPP

#include <cstdio>
#include <exception>
#include <vector>
#include <adolc/adolc.h>
#include <costate/gradient.h>

namespace costate {

/* A CostateTapeRecord of F::f */
template <class F>
PetscErrorCode Record(Costate, const CostateTape *tape, PetscReal t, const PetscReal u[], const PetscReal udot[],
                      const PetscReal p[], PetscReal f[], void *ctx)
{
  trace_on(tape->tag, 1, tape->buffers[0], tape->buffers[1], tape->buffers[2], tape->buffers[3]);
  try {
    adouble              time;
    std::vector<adouble> state(static_cast<std::size_t>(tape->nu)), rate(static_cast<std::size_t>(tape->nudot)),
        parameters(static_cast<std::size_t>(tape->np)), rows(static_cast<std::size_t>(tape->nf));

    time <<= t;
    for (std::size_t i = 0; i < state.size(); i++) state[i] <<= u[i];
    for (std::size_t i = 0; i < rate.size(); i++) rate[i] <<= udot[i];
    for (std::size_t i = 0; i < parameters.size(); i++) parameters[i] <<= p[i];
    F::template f<adouble>(time, state.data(), udot ? rate.data() : nullptr, p ? parameters.data() : nullptr,
                           rows.data(), ctx);
    for (std::size_t i = 0; i < rows.size(); i++) rows[i] >>= f[i];
  } catch (const std::exception &e) { /* it is C that called */
    trace_off();
    std::fprintf(stderr, "costate: recording a tape: %s\n", e.what());
    return static_cast<PetscErrorCode>(PETSC_ERR_LIB);
  }
  trace_off();
  return static_cast<PetscErrorCode>(0);
}

} // namespace costate

/* CostateSetTape() with F::f */
template <class F> inline PetscErrorCode CostateSetTapeOf(Costate cs, CostateSide side, void *ctx)
{
  return CostateSetTape(cs, side, costate::Record<F>, ctx);
}

#endif
