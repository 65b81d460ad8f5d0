/* SPDX-License-Identifier: BSD-2-Clause */
/* A PC for symmetric operators that gets its transposed application right. See pcsym.c. */
#pragma once
#include <petscpc.h>

PetscErrorCode PCSetUpSymmetricHypre(PC, const char prefix[]);
