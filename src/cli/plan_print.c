/* SPDX-License-Identifier: BSD-2-Clause */
/* The answer as a table for people, csv and json for programs. */
#include <stdio.h>
#include "plan.h"

#define JSON_ACTIONS 1000 /* steps up to which the json lists every action */
#define NUMBER       40   /* room for a number in words */

static const char *io_name(costate_io io)
{
  return io == COSTATE_IO_BEHIND ? "behind" : io == COSTATE_IO_ONCE ? "once" : "wait";
}

/* `none` where the value is not known */
static const char *number(char text[NUMBER], double v, const char *none)
{
  if (v < 0) return none;
  snprintf(text, NUMBER, "%.12g", v);
  return text;
}

/* For people: six digits, but no exponent where there is room. */
static const char *brief(char text[NUMBER], double v)
{
  if (v < 0) return "-";
  snprintf(text, NUMBER, v >= 1e5 && v < 1e11 ? "%.0f" : "%.6g", v);
  return text;
}

static const char *capacity(char text[NUMBER], int64_t disk)
{
  if (disk >= COSTATE_UNLIMITED) return "unlimited";
  snprintf(text, NUMBER, "%lld", (long long)disk);
  return text;
}

static double ratio(double time, double other)
{
  return other > 0 ? time / other : -1;
}

static void print_action(void *ctx, const costate_action *a, int new_phase)
{
  static const char *const verb[]    = {"store", "evict", "restore", "advance", "adjoint", "fetch"};
  const char             **separator = ctx;

  (void)new_phase;
  printf("%s\n    {\"do\": \"%s\", ", *separator, verb[a->kind]);
  *separator = ",";
  if (a->kind == COSTATE_ADVANCE)
    printf("\"from\": %lld, \"to\": %lld}", (long long)a->from, (long long)a->step);
  else if (a->kind == COSTATE_ADJOINT)
    printf("\"step\": %lld, \"taped\": %s}", (long long)a->step, a->taped ? "true" : "false");
  else
    printf("\"what\": \"%s\", \"step\": %lld%s}", a->what == COSTATE_STATE ? "state" : "stages", (long long)a->step,
           a->tier == COSTATE_DISK ? ", \"tier\": \"disk\"" : "");
}

static void print_forward(void *ctx, int64_t step)
{
  const char **separator = ctx;

  printf("%s\n    {\"do\": \"forward\", \"step\": %lld}", *separator, (long long)step);
  *separator = ",";
}

static void print_json_disk(const plan_question *q, const plan_answer *a)
{
  const costate_costs *c = &q->cfg.costs;
  char                 text[6][NUMBER];
  const int            unlimited = q->cfg.disk >= COSTATE_UNLIMITED;

  printf(",\n  \"disk\": %s%s%s, \"io\": \"%s\", \"costs\": {\"forward\": %.12g, \"adjoint\": %.12g, \"write\": %.12g, "
         "\"read\": %.12g},\n",
         unlimited ? "\"" : "", capacity(text[0], q->cfg.disk), unlimited ? "\"" : "", io_name(q->cfg.io), c->forward,
         c->adjoint, c->write, c->read);
  printf("  \"period\": %lld, \"writes\": %lld, \"reads\": %lld, \"peak_disk\": %lld,\n"
         "  \"time\": %.12g, \"hidden\": %.6f, \"time_model\": %s, \"time_memory\": %s, \"time_least\": %s, "
         "\"least_exact\": %s, \"time_ratio\": %s",
         (long long)a->period, (long long)a->writes, (long long)a->reads, (long long)a->peak_disk, a->time, a->hidden,
         number(text[1], a->model, "null"), number(text[2], a->memory, "null"), number(text[3], a->least, "null"),
         a->exact ? "true" : "false", number(text[4], ratio(a->time, a->least), "null"));
}

static void print_json(const plan_question *q, const plan_answer *a, int first)
{
  const char *separator = "";
  plan_watch  watch     = {print_forward, print_action, NULL};
  plan_answer again;

  watch.ctx = &separator;
  printf("%s{\n  \"policy\": \"%s\", \"steps\": %lld, \"slots\": %lld, \"stage_units\": %lld, \"stage_restarts\": %s,\n"
         "  \"advances\": %lld, \"evaluations\": %lld, \"optimum\": %lld, \"ratio\": %.6f, \"repetition\": %lld, "
         "\"peak_units\": %lld",
         first ? "" : ",\n", q->cfg.policy, (long long)q->steps, (long long)a->slots, (long long)q->cfg.stage_units,
         q->cfg.stage_restarts ? "true" : "false", (long long)a->advances, (long long)a->evaluations,
         (long long)a->optimum, a->ratio, (long long)a->repetition, (long long)a->peak);
  if (q->clocked) print_json_disk(q, a);
  if (q->steps <= JSON_ACTIONS) {
    printf(",\n  \"actions\": [");
    (void)plan_drive(q, &watch, &again);
    printf("\n  ]");
  }
  printf("\n}");
}

static void print_csv(const plan_question *q, const plan_answer *a, int first)
{
  char text[6][NUMBER];

  if (first) {
    printf("policy,steps,slots,advances,evaluations,optimum,ratio%s\n",
           q->clocked
               ? ",disk,io,period,writes,reads,peak_disk,time,hidden,time_model,time_memory,time_least,least_exact,"
                 "time_ratio"
               : "");
  }
  printf("%s,%lld,%lld,%lld,%lld,%lld,%.6f", q->cfg.policy, (long long)q->steps, (long long)a->slots,
         (long long)a->advances, (long long)a->evaluations, (long long)a->optimum, a->ratio);
  if (q->clocked) {
    printf(",%s,%s,%lld,%lld,%lld,%lld,%.12g,%.6f,%s,%s,%s,%s,%s", capacity(text[0], q->cfg.disk), io_name(q->cfg.io),
           (long long)a->period, (long long)a->writes, (long long)a->reads, (long long)a->peak_disk, a->time, a->hidden,
           number(text[1], a->model, ""), number(text[2], a->memory, ""), number(text[3], a->least, ""),
           a->exact ? "true" : "false", number(text[4], ratio(a->time, a->least), ""));
  }
  printf("\n");
}

static void print_text(const plan_question *q, const plan_answer *a, int first)
{
  if (first) {
    printf("%-8s %11s %8s %13s %13s %13s %8s %10s %8s\n", "policy", "steps", "slots", "advances", "evaluations",
           "optimum", "ratio", "repetition", "peak");
  }
  printf("%-8s %11lld %8lld %13lld %13lld %13lld %8.6f %10lld %8lld\n", q->cfg.policy, (long long)q->steps,
         (long long)a->slots, (long long)a->advances, (long long)a->evaluations, (long long)a->optimum, a->ratio,
         (long long)a->repetition, (long long)a->peak);
}

/* One line in a table; what is said about it comes below, if it is the only one. */
static void print_text_disk(const plan_question *q, const plan_answer *a, int first)
{
  char text[6][NUMBER], least[NUMBER + 1], share[NUMBER] = "-";

  if (first) {
    printf("%-8s %9s %6s %9s %8s %8s %8s %11s %11s %12s %8s %11s\n", "policy", "steps", "slots", "disk", "period",
           "writes", "reads", "advances", "time", "least", "ratio", "memory");
  }
  snprintf(least, sizeof(least), "%s%s", a->exact || a->least < 0 ? "" : "~", brief(text[0], a->least));
  if (a->least > 0) snprintf(share, sizeof(share), "%.4f", a->time / a->least);
  printf("%-8s %9lld %6lld %9s %8lld %8lld %8lld %11lld %11s %12s %8s %11s\n", q->cfg.policy, (long long)q->steps,
         (long long)a->slots, capacity(text[1], q->cfg.disk), (long long)a->period, (long long)a->writes,
         (long long)a->reads, (long long)a->advances, brief(text[2], a->time), least, share, brief(text[3], a->memory));
}

static void say_disk(const plan_question *q, const plan_answer *a)
{
  const int behind = q->cfg.io == COSTATE_IO_BEHIND, quota = q->cfg.disk < COSTATE_UNLIMITED;
  char      text[NUMBER];

  if (!q->cfg.disk) {
    printf("there is no disk");
  } else if (!a->writes) {
    printf("nothing goes to disk: memory holds what is needed up to the next period, of %lld steps",
           (long long)a->period);
  } else {
    printf("a state %s to disk every ", quota ? "may go" : "goes");
    if (a->period > 1)
      printf("%lld steps", (long long)a->period);
    else
      printf("step");
    printf(": %lld written, %lld read, at most %lld there at once", (long long)a->writes, (long long)a->reads,
           (long long)a->peak_disk);
    if (behind) printf("; %.0f%% of the I/O is hidden", 100 * a->hidden);
  }
  printf("\ntime %s", brief(text, a->time));
  if (a->least > 0) {
    printf(": %.2f of the %s%s", a->time / a->least, a->exact ? "least" : "best known",
           behind && a->writes ? " for a run that waits for the disk" : "");
  }
  if (a->memory > 0) printf("%s %.2f of memory alone", a->least > 0 ? "," : ":", a->time / a->memory);
  if (a->model >= 0 && a->writes) printf("; the model of a long run says %s", brief(text, a->model));
  printf("\n");
}

void plan_print(const plan_question *q, const plan_answer *a, int format, int first, int many)
{
  if (format == PLAN_CSV) {
    print_csv(q, a, first);
  } else if (format == PLAN_JSON) {
    if (first && many) printf("[\n");
    print_json(q, a, first);
  } else if (q->clocked) {
    print_text_disk(q, a, first);
    if (!many) say_disk(q, a);
  } else {
    print_text(q, a, first);
    if (a->beyond && first) {
      printf("(the optimum with stage records is not computed for so many steps; the figure is what policy offline "
             "comes to)\n");
    }
  }
}
