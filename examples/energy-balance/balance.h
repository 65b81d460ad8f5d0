/* SPDX-License-Identifier: BSD-2-Clause */
/* The climate at rest: what the sun gives is what leaves as radiation and what diffuses away,

     Q S(x) c(x,T) - (A + B T) + div(D grad T) = 0   in W/m^2 on a sphere of radius 1, x the sine of the latitude,

   by finite volumes on cells of equal longitude and latitude. T is in degrees C. */
#pragma once
#include <petscdmda.h>
#include <petscsnes.h>
#include "planet.h"

#define EARTH_RADIUS 6.371e6 /* m */

/* The parameters; those that must be positive are varied as logarithms. */
typedef enum { PAR_A, PAR_B, PAR_SEA, PAR_LAND, PAR_SLOPE, NPAR } Parameter;
extern const char *const ParameterNames[NPAR];
extern const char *const ParameterUnits[NPAR];
extern const PetscBool   ParameterIsLog[NPAR];

/* Sunshine and albedo, which are taken as known */
typedef struct {
  PetscReal Q, s2;  /* W/m^2, a quarter of the solar constant; S = 1 + s2 P2(x) */
  PetscReal a0, a2; /* without ice a0 + a2 P2(x) is absorbed, */
  PetscReal ice;    /* with ice so much */
  PetscReal edge;   /* there is ice where it is colder than this, degrees C, */
  PetscReal width;  /* with a transition of tanh((T - edge) / width), K */
} Sun;

typedef struct {
  const Planet *planet;
  Sun           sun;
  DM            da;
  Mat           J;
  Vec           local;              /* with ghosts */
  PetscReal    *P2, *area, *cosine; /* of each row: P2 of the sine of its latitude, area of a cell, cosine */
  PetscReal    *south;              /* of its southern face: length over the distance of the centres; ny + 1 of these */
  PetscReal     east;               /* of an eastern face, the same times the cosine */
  PetscReal     value[NPAR];        /* A, B, D, D, slope as they are */
} Balance;

PetscErrorCode BalanceCreate(MPI_Comm, const Planet *, const Sun *, Balance *);
PetscErrorCode BalanceDestroy(Balance *);
PetscErrorCode BalanceCreateSNES(Balance *, SNES *);
PetscErrorCode BalanceSetParameters(Balance *, const PetscReal value[NPAR]);
/* Warm at the equator, cold at the poles: where the search for a climate begins */
PetscErrorCode BalanceGuess(const Balance *, Vec T);
/* The derivative of the residual with respect to the parameters, those that are logarithms as such, times spread */
PetscErrorCode BalanceJacobianP(Balance *, Vec T, const PetscReal spread[NPAR], Mat);
/* Heat that flows northward through the southern face of each row, W on Earth; ny + 1 numbers, on every rank */
PetscErrorCode BalanceTransport(Balance *, Vec T, PetscReal heat[]);
