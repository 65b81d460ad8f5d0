# SPDX-License-Identifier: BSD-2-Clause
"""The recipe for Spack, of the checkout that this file is in:

    spack repo add config/packaging/spack
    spack install costate
"""

import os

from spack.package import *

try:  # Spack 1 keeps its kinds of packages here, earlier ones in spack.package
    from spack_repo.builtin.build_systems.makefile import MakefilePackage
except ImportError:
    pass


class Costate(MakefilePackage):
    """Gradients of PETSc's time integrators at any scale: checkpoints placed online within a memory budget and spilled to
    parallel HDF5, and every adjoint method behind one object; a library, and a plugin for programs as they are."""

    homepage = git = "file://" + os.path.abspath(os.path.join(os.path.dirname(os.path.realpath(__file__)), *[".."] * 5))

    version("main", branch="main")

    variant("adolc", default=False, description="Derivatives by ADOL-C")

    depends_on("pkgconfig", type="build")
    depends_on("gmake", type="build")
    depends_on("mpi")
    # What is on disk is written by the HDF5 that PETSc has; hypre is for the examples.
    depends_on("petsc@3.18:3.25+mpi+hdf5+hypre+shared")
    depends_on("hdf5@1.8.12:+mpi")
    depends_on("xxhash@0.8:")
    depends_on("adol-c", when="+adolc")

    def setup_build_environment(self, env):
        env.set("PETSC_DIR", self.spec["petsc"].prefix)
        env.unset("PETSC_ARCH")
        env.set("MPICC", self.spec["mpi"].mpicc)

    def setup_run_environment(self, env):
        env.set("COSTATE_DIR", self.prefix)

    def build(self, spec, prefix):
        make(f"PREFIX={prefix}")

    def check(self):
        make("check", "SETUP=no")

    def install(self, spec, prefix):
        make("install", f"PREFIX={prefix}")
