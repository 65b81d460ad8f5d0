# SPDX-License-Identifier: BSD-2-Clause
# `make install`: PREFIX, DESTDIR, and where below PREFIX what goes. The copying is done by config/install.sh.

PREFIX ?= /usr/local
bindir = $(PREFIX)/bin
libdir = $(PREFIX)/lib
includedir = $(PREFIX)/include
datadir = $(PREFIX)/share

VERSION := $(shell sed -n 's/^#define COSTATE_VERSION *"\(.*\)"/\1/p' include/costate.h)
SONAME = libcostate.so.$(firstword $(subst ., ,$(VERSION)))

# In the system's own places the dynamic linker looks anyway, and distributions want no other path in a library.
ifeq ($(PREFIX),/usr)
$(foreach v,PETSC_LIBS HDF5_LIBS ADOLC_LIBS,$(eval $(v) := $(filter-out -Wl$(comma)-rpath%,$($(v)))))
else
ORIGIN = '-Wl,-rpath,$$ORIGIN/$(shell realpath -m --relative-to='$(bindir)' '$(libdir)')'
endif

INSTALL_ENV = PREFIX='$(PREFIX)' DESTDIR='$(DESTDIR)' bindir='$(bindir)' libdir='$(libdir)' includedir='$(includedir)' \
  datadir='$(datadir)' VERSION='$(VERSION)' SONAME='$(SONAME)' BUILD='$(BUILD)' LIB='$(LIB)'

$(BUILD)/install/libcostate.a: $(SCHED_O) $(PETSC_O)
	@mkdir -p $(@D)
	@echo "  AR    $@"
	@rm -f $@ && $(AR) rcs $@ $^

# The command is linked anew, since it finds its library by another path there.
install: all $(BUILD)/install/libcostate.a run-man
	@$(MPICC) $(CFLAGS) $(LDFLAGS) -o $(BUILD)/install/costate $(CLI_O) -L$(LIBDIR) -lcostate $(ORIGIN) $(PETSC_LIBS) $(HDF5_LIBS) -lm
	@$(INSTALL_ENV) config/install.sh install
