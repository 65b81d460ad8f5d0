/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The driver on a disk with faults (faults.h), which environment variables order:

    FAULT_WRITE=N FAULT_READ=N   the N-th write or read of the files of the disk tier fails
    FAULT_ERRNO=ENOSPC|EIO       how (EIO)
    FAULT_SPARE_HDF5=1           the HDF5 library's own calls neither fail nor count
    FAULT_DAMAGE=N               the N-th write of the I/O thread leaves a wrong byte
    FAULT_LIMIT=N                files may have N bytes, and a signal says so where one would have more
    FAULT_RANK=N                 on which rank (all)
*/
#include "../faults.h"
#include "driver.c"

static long Number(const char name[], long otherwise)
{
  const char *text = getenv(name);

  return text ? atol(text) : otherwise;
}

__attribute__((constructor)) static void FaultsOrder(void)
{
  const long  rank = Number("OMPI_COMM_WORLD_RANK", Number("PMI_RANK", 0));
  const char *how  = getenv("FAULT_ERRNO");

  FaultsReset();
  if (Number("FAULT_RANK", rank) != rank) return;
  fault.fail_write = Number("FAULT_WRITE", 0);
  fault.fail_read  = Number("FAULT_READ", 0);
  fault.limit      = Number("FAULT_LIMIT", 0);
  fault.damage     = Number("FAULT_DAMAGE", 0);
  fault.spare_hdf5 = (int)Number("FAULT_SPARE_HDF5", 0);
  fault.error      = how && !strcmp(how, "ENOSPC") ? ENOSPC : EIO;
}
