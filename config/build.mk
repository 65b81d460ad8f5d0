# SPDX-License-Identifier: BSD-2-Clause
# How everything is compiled, linked and run. New files are picked up by the wildcards.

# What is installed is what was built: `sudo make install` may not see the PETSC_DIR that `make` saw.
ifneq ($(MAKECMDGOALS)$(wildcard $(BUILD)/config.mk),install$(BUILD)/config.mk)
PROBED := $(shell CC='$(CC)' MPICC='$(MPICC)' MPIEXEC='$(MPIEXEC)' PETSC_DIR='$(PETSC_DIR)' PETSC_ARCH='$(PETSC_ARCH)' \
  config/probe.sh $(BUILD)/config.mk 2>&1)
endif
ifneq ($(PROBED),)
$(error Missing: $(PROBED). `config/setup.sh build` installs it or says how)
endif
include $(BUILD)/config.mk

LIBDIR = $(if $(filter build,$(BUILD)),lib,$(BUILD)/lib)
BINDIR = $(if $(filter build,$(BUILD)),bin,$(BUILD)/bin)
LIB = $(LIBDIR)/libcostate.so
BIN = $(BINDIR)/costate

comma := ,
CFLAGS ?= -O2 -g
WARNINGS = -Wall -Wextra -Wshadow
DEPFLAGS = -MMD -MP -MT $@ -MF $@.d
INCLUDES = -Iinclude
# The scheduler is plain C: neither PETSc nor MPI is in reach when it is compiled.
SCHED_FLAGS = -std=c99 -pedantic -fPIC $(CFLAGS) $(WARNINGS) $(DEPFLAGS) $(INCLUDES)
PETSC_FLAGS = -std=gnu11 -fPIC $(CFLAGS) $(WARNINGS) $(DEPFLAGS) $(INCLUDES) $(PETSC_CFLAGS) $(XXHASH_CFLAGS)

sources = $(sort $(wildcard $(1)/*.c $(1)/*/*.c))
objects = $(patsubst %.c,$(BUILD)/obj/%.o,$(1))
SCHED_O := $(call objects,$(call sources,src/sched))
PETSC_O := $(call objects,$(foreach d,base store pc tao traj vjp costate methods zoo,$(call sources,src/$(d))) $(wildcard petsc-plugins/*.c))
CLI_O := $(call objects,$(call sources,src/cli))

all: $(LIB) $(if $(CLI_O),$(BIN))

$(SCHED_O): $(BUILD)/obj/%.o: %.c $(BUILD)/config.mk Makefile config/build.mk
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(SCHED_FLAGS) -c $< -o $@

$(BUILD)/obj/src/pc/%.o $(BUILD)/obj/src/vjp/%.o $(BUILD)/obj/src/traj/%.o $(BUILD)/obj/src/tao/%.o $(BUILD)/obj/src/costate/%.o $(BUILD)/obj/src/methods/%.o: INCLUDES += $(PETSC_PRIVATE)
$(BUILD)/obj/src/store/%.o $(BUILD)/obj/src/cli/%.o: INCLUDES += $(HDF5_CFLAGS)
$(BUILD)/obj/src/vjp/%.o: INCLUDES += $(ADOLC_CFLAGS)
$(PETSC_O) $(CLI_O): $(BUILD)/obj/%.o: %.c $(BUILD)/config.mk Makefile config/build.mk
	@mkdir -p $(@D)
	@echo "  MPICC $<"
	@$(MPICC) $(PETSC_FLAGS) -c $< -o $@

$(LIB): $(SCHED_O) $(PETSC_O)
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(MPICC) -shared $(CFLAGS) $(LDFLAGS) -Wl,-soname,$(SONAME) -o $@ $^ $(PETSC_LIBS) $(HDF5_LIBS) $(ADOLC_LIBS) -lpthread -lm
	@ln -sf $(@F) $(@D)/$(SONAME)

$(BIN): $(CLI_O) $(LIB)
	@mkdir -p $(@D)
	@echo "  LINK  $@"
	@$(MPICC) $(CFLAGS) $(LDFLAGS) -o $@ $(CLI_O) -L$(LIBDIR) -lcostate '-Wl,-rpath,$$ORIGIN/../lib' $(PETSC_LIBS) $(HDF5_LIBS) -lm

include config/install.mk

# Tests and benchmarks: one program per file. Those of the scheduler stand on the scheduler alone.
tests_c = $(filter-out tests/bench/%,$(sort $(if $(T),$(foreach t,$(T),$(wildcard tests/$(firstword $(subst @, ,$(t))).c tests/$(t)/*.c)),$(wildcard tests/*/*.c))))
program = $(patsubst %.c,$(BUILD)/%,$(1))
TESTS := $(call program,$(tests_c))
BENCHES := $(call program,$(wildcard tests/bench/*.c))

$(BUILD)/tests/sched/%: tests/sched/%.c $(SCHED_O)
	@mkdir -p $(@D)
	@echo "  CC    $<"
	@$(CC) $(SCHED_FLAGS) -Itests $(LDFLAGS) -o $@ $< $(SCHED_O) -lm

$(BUILD)/tests/%: tests/%.c $(LIB)
	@mkdir -p $(@D)
	@echo "  MPICC $<"
	@$(MPICC) $(PETSC_FLAGS) -Itests $(LDFLAGS) -o $@ $< -L$(LIBDIR) -lcostate -Wl,-rpath,$(abspath $(LIBDIR)) $(PETSC_LIBS) -lm

tests: $(TESTS)
# what the scripts compile for themselves, so that lint sees it too
PROGRAMS := $(call program,$(wildcard tests/*/programs/*.c))
programs: $(TESTS) $(BENCHES) $(PROGRAMS)

# Examples are programs of their own: they see what a user sees. A file `libs` in the folder names further pkg-config modules;
# `costate` in it is this library.
EXAMPLES := $(foreach d,$(patsubst %/,%,$(wildcard examples/*/)),$(if $(wildcard $(d)/*.c),$(BUILD)/$(d)/$(notdir $(d))))
examples: $(EXAMPLES)

define example
$(BUILD)/examples/$(1)/$(1): $(call objects,$(wildcard examples/$(1)/*.c)) $(if $(call ours,$(1)),$(LIB))
	@echo "  LINK  $$@"
	@mkdir -p $$(@D)
	@$$(MPICC) $$(CFLAGS) $$(LDFLAGS) -o $$@ $$(filter %.o,$$^) $(call ours,$(1)) $$(PETSC_LIBS) $$(call modules,--libs,$(1)) -lm
$(call objects,$(wildcard examples/$(1)/*.c)): $(BUILD)/obj/%.o: %.c $(BUILD)/config.mk
	@mkdir -p $$(@D)
	@echo "  MPICC $$<"
	@$$(MPICC) $$(PETSC_FLAGS) $$(call modules,--cflags,$(1)) -c $$< -o $$@
endef
needs = $(if $(wildcard examples/$(1)/libs),$(shell grep -v '^\#' examples/$(1)/libs))
ours = $(if $(filter costate,$(call needs,$(1))),-L$(LIBDIR) -lcostate -Wl$(comma)-rpath$(comma)$(abspath $(LIBDIR)))
modules = $(if $(filter-out costate,$(call needs,$(2))),$(shell pkg-config $(1) $(filter-out costate,$(call needs,$(2)))))
$(foreach e,$(notdir $(EXAMPLES)),$(eval $(call example,$(e))))

# Running. The scripts find what was built through these.
RUN_ENV = export BUILD=$(abspath $(BUILD)) COSTATE_LIB=$(abspath $(LIB)) COSTATE_BIN=$(abspath $(BIN)) \
  MPIEXEC='$(MPIEXEC)' MPICC='$(MPICC)' SEED='$(SEED)' COSTATE_SAMPLE='$(COSTATE_SAMPLE)'; . config/env.sh;
PROVE = prove --failures --timer --jobs 2 --rules 'seq=**@*' --rules 'par=**' --exec config/run-test -

run-check: all tests
	@$(RUN_ENV) entries=$$(config/list-tests short $(T)) || exit 1; \
	echo "tests: $$(wc -w <<<"$$entries"), seed $(SEED)"; $(PROVE) <<<"$$entries"

# A sample: COSTATE_SAMPLE seeds which long tests are run, and each of them may take a part of its cells by it.
run-check-long: all tests
	@$(RUN_ENV) export COSTATE_TIMEOUT=$${COSTATE_TIMEOUT:-$(if $(COSTATE_SAMPLE),300,7200)}; \
	entries=$$(config/list-tests long $(T)) || exit 1; \
	$(if $(COSTATE_SAMPLE),entries=$$(shuf -n 3 --random-source=<(yes '$(COSTATE_SAMPLE)') <<<"$$entries");) \
	if [ -z "$$entries" ]; then echo 'There are no long tests.'; exit 0; fi; \
	echo "long tests: $$(wc -w <<<"$$entries"), seed $(SEED)$(if $(COSTATE_SAMPLE),$(comma) sample $(COSTATE_SAMPLE))"; $(PROVE) <<<"$$entries"

run-demo: all $(if $(E),$(filter $(BUILD)/examples/$(E)/%,$(EXAMPLES)),$(foreach d,$(DEMOS),$(filter $(BUILD)/examples/$(d)/%,$(EXAMPLES))))
	@$(RUN_ENV) for e in $(or $(E),$(DEMOS)); do \
	  if [ ! -f examples/$$e/run.sh ]; then echo "There is no examples/$$e/run.sh." >&2; exit 1; fi; \
	  printf '\n== examples/%s\n' "$$e"; bash examples/$$e/run.sh || { echo "examples/$$e failed" >&2; exit 1; }; done

run-bench: all $(BENCHES)
	@$(RUN_ENV) for b in $(BENCHES); do printf '\n== %s\n' "$$b"; $$b || exit 1; done

-include $(shell find $(BUILD)/obj $(BUILD)/tests -name '*.d' 2>/dev/null)
