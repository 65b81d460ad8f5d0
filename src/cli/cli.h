/* SPDX-License-Identifier: BSD-2-Clause */
/* The subcommands of the command `costate`: argv[0] is the subcommand's own name; the value returned is the exit
 * status. */
#ifndef COSTATE_CLI_H
#define COSTATE_CLI_H

/* Exit statuses besides 0 */
#define COSTATE_CLI_FAILED 1 /* what was asked for cannot be had */
#define COSTATE_CLI_USAGE  2 /* the question makes no sense */

#define COSTATE_COMMAND(name, text) int costate_cli_##name(int argc, char **argv);
#include "commands.def"
#undef COSTATE_COMMAND

/* nearest.c: the one of the names, which end with NULL, that is most like `name` */
const char *costate_cli_nearest(const char *name, const char *const *names);

#endif
