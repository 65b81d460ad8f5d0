/* SPDX-License-Identifier: BSD-2-Clause */
/* The answer of `costate choose`, for reading and for programs. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include "choose.h"
#include "json.h"

#define NOISE 0.25 /* relative spread of the rounds from which on times say little */

static void size(double bytes)
{
  const char *unit[] = {"B", "kB", "MB", "GB", "TB"};
  int         i      = 0;

  for (; bytes >= 1000 && i < 4; i++) bytes /= 1000;
  printf(" %7.4g %-2s", bytes, unit[i]);
}

static void error(const choose_row *r, int i)
{
  if (!r->has[i])
    printf("  %8s", "none");
  else if (r->error[i] < 0)
    printf("  %8s", "?");
  else
    printf("  %8.2g", r->error[i]);
}

static double spread(const choose_row *r)
{
  return r->rounds > 1 ? (r->seconds[r->rounds - 1] - r->seconds[0]) / choose_median(r) : 0;
}

static void row(const choose_answer *a, int i)
{
  const choose_row *r        = &a->row[i];
  const int         provider = i >= a->nmethods;

  printf("%-14s", provider ? r->provider : r->method);
  if (r->failure[0]) {
    printf(" %s: %s\n", provider ? "no" : "fails", r->failure);
    return;
  }
  printf(" %9.4g  %4.0f%%", 1e3 * choose_median(r), 100 * spread(r));
  printf(" %8lld", (long long)r->stats.peak_states);
  size(r->bytes);
  error(r, 0);
  error(r, 1);
  if (!provider && i == a->fastest) printf("  fastest");
  if (!provider && i == a->chosen) printf("%s auto", i == a->fastest ? "," : " ");
  if (!provider && !r->reaches)
    printf("%s", (!a->parameters_only && !r->has[0]) ? "  gives not all" : "  not accurate enough");
  if (!provider && strstr(r->warning, "warning: ")) printf("  see note");
  if (provider) printf("  %lld f, %lld Jacobians", (long long)r->stats.f, (long long)r->stats.jacobians);
  printf("\n");
}

static void head(const char *what)
{
  printf("%-14s %9s  %5s %8s %10s  %8s  %8s\n", what, "time, ms", "noise", "states", "memory", "dG/du0", "dG/dp");
}

static void warnings(const choose_answer *a)
{
  for (int i = 0; i < a->nmethods; i++) {
    const choose_row *r    = &a->row[i];
    const char       *from = r->failure[0] ? NULL : strstr(r->warning, "warning: ");

    if (from) printf("note: %.*s\n", (int)strcspn(from + 9, "\n"), from + 9);
  }
}

/* The lines that the library says, without its name before them. */
static void verdict(const choose_answer *a)
{
  const choose_row *best = a->fastest < 0 ? NULL : &a->row[a->fastest];
  const choose_row *r    = a->chosen < 0 ? NULL : &a->row[a->chosen];
  const char       *text = strstr(a->because, "auto: ");

  printf("auto %s %.*s\n", r ? "takes" : "takes nothing:", (int)strcspn(text ? text + 6 : a->because, "\n"),
         text ? text + 6 : a->because);
  for (const char *line = strchr(a->because, '\n'); line && line[1] == ' '; line = strchr(line + 1, '\n'))
    printf("%.*s\n", (int)strcspn(line + 1, "\n"), line + 1);
  if (!best)
    printf("no method reaches the accuracy: ask for less, or for smaller steps and tolerances (-dt, -ts_rtol, "
           "-ts_atol)\n");
  else if (!r || r->failure[0] || !r->reaches)
    printf("what auto takes does not reach the accuracy; %s does\n", best->method);
  else
    printf("its time is %.3g times that of the fastest, %s%s\n", a->ratio, best->method,
           a->ratio > 1 && a->ratio - 1 < spread(r) + spread(best) ? "; they differ by no more than the noise" : "");
}

void choose_print(choose_answer *a)
{
  printf("%s, TS type %s, %d rank%s, %s wanted to %g\n", a->s->name, a->ts_type, a->s->size, a->s->size > 1 ? "s" : "",
         a->parameters_only ? "dG/dp" : "dG/du0 and dG/dp", a->accuracy);
  printf("errors against: %s\n\n", a->source);
  head("method");
  for (int i = 0; i < a->nmethods; i++) row(a, i);
  warnings(a);
  printf("\n");
  verdict(a);
  if (a->doubt > a->accuracy / 3)
    printf("warning: the reference is itself right by %.2g only, so that errors below that mean nothing\n", a->doubt);
  for (int i = 0; i < a->nmethods; i++) {
    if (a->row[i].rounds > 1 && spread(&a->row[i]) > NOISE) {
      printf("times vary by more than %.0f%%: the machine is busy; -clock cpu, or more -rounds\n", 100 * NOISE);
      break;
    }
  }
  if (a->nrows == a->nmethods) return;
  printf("\nproviders of derivatives by the state under %s; errors against the first\n\n", a->row[a->chosen].method);
  head("-costate_vjp");
  for (int i = a->nmethods; i < a->nrows; i++) row(a, i);
}

static void row_json(const choose_answer *a, int i)
{
  static const char *const of[] = {"u0", "p"};
  const choose_row        *r    = &a->row[i];

  json_open(NULL, '{');
  if (i < a->nmethods)
    json_text("method", r->method);
  else
    json_text("provider", r->provider);
  if (r->failure[0])
    json_text("failure", r->failure);
  else {
    json_number("seconds", choose_median(r));
    json_open("rounds", '[');
    for (int k = 0; k < r->rounds; k++) json_number(NULL, r->seconds[k]);
    json_close(']');
    json_integer("solves_in_a_round", r->repeats);
    json_integer("peak_states", r->stats.peak_states);
    json_number("bytes", r->bytes);
    json_integer("steps", r->stats.steps);
    json_integer("adjoint_steps", r->stats.adjoint_steps);
    json_integer("functions", r->stats.f);
    json_open("error", '{');
    for (int k = 0; k < 2; k++) {
      if (r->has[k] && r->error[k] >= 0)
        json_number(of[k], r->error[k]);
      else
        json_null(of[k]);
    }
    json_close('}');
    if (i < a->nmethods) json_bool("reaches", r->reaches);
    if (strstr(r->warning, "warning: ")) json_text("warning", strstr(r->warning, "warning: ") + 9);
  }
  json_close('}');
}

static void answer(const choose_answer *a)
{
  json_open(NULL, '{');
  json_text("problem", a->s->name);
  json_text("ts_type", a->ts_type);
  json_integer("ranks", a->s->size);
  json_text("wanted", a->parameters_only ? "parameters" : "both");
  json_number("accuracy", a->accuracy);
  json_text("clock", a->cpu ? "cpu" : "wall");
  json_text("reference", a->source);
  json_number("reference_error", a->doubt);
  json_open("methods", '[');
  for (int i = 0; i < a->nmethods; i++) row_json(a, i);
  json_close(']');
  if (a->fastest >= 0)
    json_text("fastest", a->row[a->fastest].method);
  else
    json_null("fastest");
  if (a->chosen >= 0)
    json_text("auto", a->row[a->chosen].method);
  else
    json_null("auto");
  json_text("because", a->because);
  if (a->ratio > 0)
    json_number("ratio", a->ratio);
  else
    json_null("ratio");
  json_open("providers", '[');
  for (int i = a->nmethods; i < a->nrows; i++) row_json(a, i);
  json_close(']');
  json_close('}');
}

int choose_json(const choose_answer *a)
{
  FILE *to = strcmp(a->s->json, "-") ? fopen(a->s->json, "w") : stdout;
  int   bad;

  if (!to) return errno;
  json_to(to);
  answer(a);
  json_to(stdout);
  errno = 0;
  bad   = ferror(to) || (to == stdout ? fflush(to) : fclose(to));
  return bad ? (errno ? errno : EIO) : 0;
}
