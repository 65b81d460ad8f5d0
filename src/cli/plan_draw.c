/* SPDX-License-Identifier: BSD-2-Clause */
/*
  A schedule drawn in the terminal: the time of the run across, the execution downwards.  A short schedule has a row for
  every phase; a long one has rows of about equally many evaluations.
*/
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "plan.h"

#define WIDTH 80
#define ROWS  32

typedef struct {
  const char *state, *stages, *run, *reversed, *waiting, *disk, *both;
} glyphs;

static const glyphs unicode = {"●", "■", "─", "◂", "·", "○", "◉"}, ascii = {"o", "#", "-", "<", ".", "d", "@"};

typedef struct {
  const glyphs *glyph;
  int64_t       N, width, reached, todo; /* steps executed for the first time, steps not yet reversed */
  int64_t       evaluations, row_start, batch;
  int64_t       states[WIDTH + 1], stages[WIDTH + 1], disk[WIDTH + 1]; /* held, by column */
  char          run[WIDTH + 1], reversed[WIDTH + 1];
  int           restarts, digits, talk, empty;
  char          words[128], verb[16]; /* the actions of the row, where there is room to name each */
} canvas;

static int utf8(void)
{
  const char *names[] = {"LC_ALL", "LC_CTYPE", "LANG"};

  for (int i = 0; i < 3; i++) {
    const char *v = getenv(names[i]);

    if (v && *v) return strstr(v, "UTF-8") || strstr(v, "utf8") || strstr(v, "UTF8") || strstr(v, "utf-8");
  }
  return 0;
}

/* The product stays below 2^63: the width is small, and no run has 2^56 steps. */
static int64_t column(const canvas *c, int64_t state)
{
  return state * c->width / c->N;
}

static void paint(canvas *c, char *layer, int64_t from, int64_t to)
{
  const int64_t a = column(c, from), b = column(c, to);

  memset(layer + a, 1, (size_t)(b > a ? b - a : 1));
  c->empty = 0;
}

static void say(canvas *c, const char *verb, int64_t step)
{
  const size_t used = strlen(c->words);

  if (!c->talk || used + 24 > sizeof(c->words)) return;
  if (strcmp(verb, c->verb)) {
    snprintf(c->words + used, sizeof(c->words) - used, "%s%s %lld", used ? ", " : "", verb, (long long)step);
    snprintf(c->verb, sizeof(c->verb), "%s", verb);
  } else {
    snprintf(c->words + used, sizeof(c->words) - used, " %lld", (long long)step);
  }
}

static void flush(canvas *c)
{
  int64_t last = c->width;

  if (c->empty) return;
  printf("%*lld  ", c->digits, (long long)c->evaluations);
  while (last > 0 && !c->stages[last] && !c->states[last] && !c->disk[last] && !c->reversed[last] && !c->run[last])
    last--;
  if (c->talk) last = c->width; /* the words stand in a column */
  for (int64_t i = 0; i <= last; i++) {
    const char *g = " ";

    if (i < c->width && i >= column(c, c->todo))
      g = c->reversed[i] ? c->glyph->reversed : " ";
    else if (i < column(c, c->reached))
      g = c->run[i] ? c->glyph->run : c->glyph->waiting;
    if (c->stages[i])
      g = c->glyph->stages;
    else if (c->states[i])
      g = c->disk[i] ? c->glyph->both : c->glyph->state;
    else if (c->disk[i])
      g = c->glyph->disk;
    printf("%s", g);
  }
  printf("%s%s\n", c->words[0] ? "  " : "", c->words);
  memset(c->run, 0, sizeof(c->run));
  memset(c->reversed, 0, sizeof(c->reversed));
  c->words[0] = c->verb[0] = '\0';
  c->row_start             = c->evaluations;
  c->empty                 = 1;
}

static void forward(void *ctx, int64_t step)
{
  canvas *c = ctx;

  c->evaluations++;
  c->reached = step;
  paint(c, c->run, step - 1, step);
}

static void action(void *ctx, const costate_action *a, int new_phase)
{
  canvas       *c     = ctx;
  const int     state = a->what == COSTATE_STATE, disk = a->tier == COSTATE_DISK;
  int64_t      *layer = disk ? c->disk : state ? c->states : c->stages;
  const int64_t at    = column(c, state || c->restarts ? a->step : a->step - 1);

  if (new_phase && c->evaluations - c->row_start >= c->batch) flush(c);
  switch (a->kind) {
  case COSTATE_STORE:
    layer[at]++;
    c->empty = 0;
    say(c, disk ? "write" : state ? "keep" : "keep stages", a->step);
    break;
  case COSTATE_EVICT:
    layer[at]--;
    say(c, disk ? "wipe" : state ? "drop" : "drop stages", a->step);
    break;
  case COSTATE_FETCH:
    layer[at]++;
    c->empty = 0;
    say(c, "fetch", a->step);
    break;
  case COSTATE_RESTORE: say(c, state ? "load" : "load stages", a->step); break;
  case COSTATE_ADVANCE:
    c->evaluations += a->step - a->from;
    paint(c, c->run, a->from, a->step);
    say(c, "run to", a->step);
    break;
  default:
    c->evaluations += a->taped;
    c->todo = a->step - 1;
    paint(c, c->reversed, a->step - 1, a->step);
    say(c, "reverse", a->step);
  }
}

void plan_draw(const plan_question *q, const plan_answer *known)
{
  plan_watch  watch = {forward, action, NULL};
  plan_answer again;
  canvas     *c = calloc(1, sizeof(*c));

  if (!c) return;
  watch.ctx   = c;
  c->glyph    = utf8() ? &unicode : &ascii;
  c->N        = q->steps;
  c->todo     = q->steps;
  c->restarts = q->cfg.stage_restarts;
  c->empty    = 1;
  c->talk     = q->steps <= WIDTH / 4;
  c->width    = c->talk ? 3 * q->steps : q->steps <= WIDTH / 2 ? 2 * q->steps : q->steps < WIDTH ? q->steps : WIDTH;
  c->batch    = known->phases <= ROWS ? 0 : known->evaluations / ROWS;
  c->digits   = snprintf(NULL, 0, "%lld", (long long)known->evaluations);
  printf("\nstate %s", c->glyph->state);
  if (q->cfg.disk) printf("   on disk %s   in both %s", c->glyph->disk, c->glyph->both);
  printf("   state with stages %s   executed %s   reversed %s   waiting %s\n", c->glyph->stages, c->glyph->run,
         c->glyph->reversed, c->glyph->waiting);
  printf("left: evaluations so far; across: steps 0 to %lld\n\n", (long long)q->steps);
  (void)plan_drive(q, &watch, &again);
  flush(c);
  free(c);
}
