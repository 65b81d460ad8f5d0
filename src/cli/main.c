/* SPDX-License-Identifier: BSD-2-Clause */
/* The command `costate`. */
#include <stdio.h>
#include <string.h>
#include <costate.h>
#include "cli.h"

static const struct {
  const char *name, *text;
  int (*run)(int, char **);
} commands[] = {
#define COSTATE_COMMAND(name, text) {#name, text, costate_cli_##name},
#include "commands.def"
#undef COSTATE_COMMAND
};

#define NCOMMANDS ((int)(sizeof(commands) / sizeof(commands[0])))

static void help(FILE *to)
{
  fprintf(to, "usage: costate COMMAND [-option value ...]\n\n");
  for (int i = 0; i < NCOMMANDS; i++) fprintf(to, "  %-7s %s\n", commands[i].name, commands[i].text);
  fprintf(to, "\n`costate COMMAND -help` shows the options of a command, `costate -version` the version.\n");
}

int main(int argc, char **argv)
{
  for (int i = 0; argc > 1 && i < NCOMMANDS; i++) {
    if (!strcmp(argv[1], commands[i].name)) return commands[i].run(argc - 1, argv + 1);
  }
  if (argc > 1 && (!strcmp(argv[1], "-version") || !strcmp(argv[1], "--version"))) {
    printf("costate %s, built for PETSc %d.%d.%d\n", COSTATE_VERSION, PETSC_VERSION_MAJOR, PETSC_VERSION_MINOR,
           PETSC_VERSION_SUBMINOR);
    return 0;
  }
  if (argc > 1 && (!strcmp(argv[1], "-help") || !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))) {
    help(stdout);
    return 0;
  }
  if (argc > 1) fprintf(stderr, "costate: unknown command %s\n\n", argv[1]);
  help(stderr);
  return COSTATE_CLI_USAGE;
}
