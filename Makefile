# SPDX-License-Identifier: BSD-2-Clause
# `make help` says what there is. What is found where on this machine: config/probe.sh; what is installed: config/setup.sh.
# BUILD=DIR builds everything, library and command included, under another directory.

BUILD ?= build
SEED ?= 1
DEMOS = tutorial mixed-layer
MAKEFLAGS += --no-print-directory
SHELL = /bin/bash

.PHONY: all help demo check check-long bench lint sanitize format clean install uninstall examples tests programs run-demo run-check run-check-long run-bench man run-man docs run-docs
all:

help:
	@echo 'make                 the plugin and library lib/libcostate.so and the command bin/costate'
	@echo 'make demo            sets up, builds, and runs the examples $(DEMOS); E=NAME runs another one'
	@echo 'make check           sets up, builds, and runs the tests; T=AREA, T=AREA/NAME or T=AREA/NAME@RANKS some of them'
	@echo 'make check-long      the tests that are too long for every day; COSTATE_SAMPLE=SEED a sample of them'
	@echo 'make bench           the benchmarks'
	@echo 'make man             the manual pages, in $$(BUILD)/man'
	@echo 'make docs            the manual as a site, in $$(BUILD)/docs/html'
	@echo 'make lint            include rule, format, warnings as errors, cppcheck, shellcheck'
	@echo 'make sanitize        scheduler and store tests under AddressSanitizer, UBSan and valgrind'
	@echo 'make format          formats the C files in place'
	@echo 'make install         installs under PREFIX (/usr/local): docs/install.md; make uninstall removes just that'
	@echo 'make clean           removes what was built'
	@echo 'Variables: PETSC_DIR PETSC_ARCH MPICC MPIEXEC CC CFLAGS BUILD SEED PREFIX DESTDIR; SETUP=no installs no packages'

# The targets of the README do all set-up themselves. They start make again, because what is found may be new by then.
SETUP_check = build check
SETUP_demo = build demo
SETUP_bench = build
SETUP_man = build man
SETUP_docs = build man docs
SETUP_check-long = build check
demo check check-long bench man docs:
	@$(if $(filter no,$(SETUP)),:,config/setup.sh $(SETUP_$@))
	@$(MAKE) $(if $(filter -j%,$(MAKEFLAGS)),,-j$$(nproc)) run-$@

lint:
	@$(if $(filter no,$(SETUP)),:,config/setup.sh build check demo lint)
	@config/lint

sanitize:
	@$(if $(filter no,$(SETUP)),:,config/setup.sh build check sanitize)
	@config/sanitize

format:
	@git ls-files -co --exclude-standard '*.[ch]' | xargs -r clang-format -i

clean:
	rm -rf $(BUILD) $(if $(filter build,$(BUILD)),lib bin)

uninstall:
	@PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' config/install.sh uninstall

ifneq ($(filter-out help demo check check-long bench man docs lint sanitize format clean uninstall,$(or $(MAKECMDGOALS),all)),)
include config/build.mk config/docs.mk
endif
