# SPDX-License-Identifier: BSD-2-Clause
"""A logistic equation for each unknown, and its gradient, with petsc4py: prints the steps and the bits of both results.

The options come from the environment (PETSC_OPTIONS), as for any program.
"""
import sys

import petsc4py

petsc4py.init(sys.argv)
from petsc4py import PETSc  # noqa: E402


class Logistic:
    """u' = p u (1 - u / (1 + i))"""

    rate = 1.5

    def rhs(self, ts, t, u, f):
        f.array = self.rate * u.array_r * (1 - u.array_r / self.limit)

    def jacobian(self, ts, t, u, jac, pre):
        first, last = u.getOwnershipRange()
        slope = self.rate * (1 - 2 * u.array_r / self.limit)
        for row in range(first, last):
            pre[row, row] = slope[row - first]
        pre.assemble()
        return True

    def jacobian_p(self, ts, t, u, jac):
        first, last = u.getOwnershipRange()
        value = u.array_r * (1 - u.array_r / self.limit)
        for row in range(first, last):
            jac[row, 0] = value[row - first]
        jac.assemble()
        return True


def main():
    model = Logistic()
    comm = PETSc.COMM_WORLD
    u = PETSc.Vec().createMPI(6, comm=comm)
    first, last = u.getOwnershipRange()
    model.limit = u.duplicate().array + [1.0 + i for i in range(first, last)]
    u.set(0.2)
    jac = PETSc.Mat().createAIJ(6, nnz=1, comm=comm)
    jac_p = PETSc.Mat().createDense((6, 1), comm=comm)
    jac_p.setUp()
    ts = PETSc.TS().create(comm)
    ts.setProblemType(ts.ProblemType.NONLINEAR)
    ts.setEquationType(ts.EquationType.ODE_EXPLICIT)
    ts.setType(ts.Type.CN)
    ts.setRHSFunction(model.rhs, u.duplicate())
    ts.setRHSJacobian(model.jacobian, jac)
    ts.setRHSJacobianP(model.jacobian_p, jac_p)
    ts.setTimeStep(0.05)
    ts.setMaxTime(2)
    ts.setExactFinalTime(ts.ExactFinalTime.MATCHSTEP)
    ts.setSaveTrajectory()
    ts.setFromOptions()
    ts.solve(u)
    lam, mu = jac.createVecRight(), jac_p.createVecRight()
    u.copy(lam)
    mu.set(0)
    ts.setCostGradients([lam], [mu])
    steps = ts.getStepNumber()
    ts.adjointSolve()
    bits = [part.hex() for v in (lam, mu) for x in map(complex, v.array_r) for part in (x.real, x.imag)]
    PETSc.Sys.syncPrint(steps, *bits, comm=comm)
    PETSc.Sys.syncFlush(comm=comm)


main()
