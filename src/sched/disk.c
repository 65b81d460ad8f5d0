/* SPDX-License-Identifier: BSD-2-Clause */
/*
  The second level.  The run is cut into periods, and the states at which they start are those that may go to disk.

  A start stays in memory, pinned, until it is decided on, which is as late as memory allows: when the next start needs
  room.  The decision is that of policy `online` for a run whose steps are the periods and whose units are the states
  that the disk may hold; without a quota every start goes there.  Once a start is on disk, or given up, the states of
  its period are spare room.  So nothing is written while memory holds everything, and never the last period's start.

  With COSTATE_IO_BEHIND the memory of a start that is being written is the buffer, and stays for one period more.
  On the way back one unit is used to bring in the start of the period that comes next.

  A boundary is a start too, one that the disk keeps if it has room at all, and memory if not.
*/
#include <stdlib.h>
#include <string.h>
#include "disk.h"
#include "table.h"
#include "twolevel.h"

/* A start, or in the reversal any state on disk. */
typedef struct {
  int64_t       step, macro; /* macro: which arrival it was to the policy of the disk, -1: none */
  unsigned char kind, fed, on_disk, memory_only, settled, waits; /* waits: to be written once memory holds it */
} start;

struct costate_disk {
  start            *at; /* ascending: starts that are not decided on, and states on disk */
  int64_t           n, cap;
  int64_t           units, fed; /* fed: arrivals to the policy of the disk */
  costate_sched    *macro;
  int64_t           flying; /* the start whose write may still be going on, -1: none */
  int64_t           period; /* 0: none yet */
  int64_t           base;   /* what it would be without a quota */
  costate_io        io;
  int               ahead; /* starts are fetched before they are needed */
  costate_costs     costs;
  costate_twolevel *table;
  int64_t           longest; /* the stretch that the table was made for */
};

static int known(const costate_costs *c)
{
  return c->forward > 0;
}

const char *costate_costs_error(const costate_costs *c)
{
  if (!(c->forward >= 0 && c->adjoint >= 0 && c->write >= 0 && c->read >= 0) || c->forward > 1e300 ||
      c->adjoint > 1e300 || c->write > 1e300 || c->read > 1e300) {
    return "costs must be finite numbers and not negative";
  }
  if (c->forward == 0 && (c->adjoint > 0 || c->write > 0 || c->read > 0)) return "a step must cost more than nothing";
  return NULL;
}

int costate_disk_create(costate_sched *s, const costate_sched_config *c)
{
  costate_sched_config cfg = {0};
  costate_disk        *d   = calloc(1, sizeof(*d));

  if (!d) return COSTATE_SCHED_ERR_MEM;
  s->disk   = d;
  d->io     = c->io;
  d->units  = c->disk < COSTATE_UNLIMITED ? c->disk : COSTATE_UNLIMITED;
  d->costs  = c->costs;
  d->flying = -1;
  cfg.units = d->units;
  return costate_sched_create(&cfg, &d->macro);
}

void costate_disk_destroy(costate_disk *d)
{
  if (!d) return;
  costate_sched_destroy(d->macro);
  costate_twolevel_destroy(d->table);
  free(d->at);
  free(d);
}

/* The period from here on, by what is known now. */
static void set_period(costate_sched *s)
{
  costate_disk *d      = s->disk;
  int64_t       memory = s->units, once;
  double        behind = 0, waiting = 0;

  for (int64_t i = 0; i < d->n; i++) memory -= d->at[i].memory_only * (1 + (d->at[i].kind == COSTATE_ARRIVE_JUMP));
  if (memory < 1) memory = 1;
  d->ahead = 0;
  if (known(&d->costs)) {
    once      = costate_period(memory, &d->costs, d->io == COSTATE_IO_REREAD ? d->io : COSTATE_IO_ONCE, &waiting);
    d->period = once;
    if (d->io == COSTATE_IO_BEHIND && memory > 1) {
      const int64_t period = costate_period(memory - 1, &d->costs, COSTATE_IO_BEHIND, &behind);

      d->ahead = behind <= waiting + d->costs.forward;
      if (d->ahead) d->period = period;
    }
  }
  d->base = d->period;
  /* a quota thins the starts out anyway; with longer periods memory helps where the disk does not reach */
  if (d->units < COSTATE_UNLIMITED && d->period && s->arrived / d->units / 2 > d->period) {
    d->period = s->arrived / d->units / 2;
  }
  if (s->policy->period) d->period = d->base = s->policy->period(s);
  s->stats.period = d->period;
}

void costate_disk_set_costs(costate_sched *s, const costate_costs *costs)
{
  s->disk->costs = *costs;
  if (!s->disk->period) set_period(s);
}

void costate_disk_set_units(costate_sched *s)
{
  set_period(s);
}

int costate_disk_due(const costate_sched *s, int64_t n)
{
  return s->disk && s->disk->period && n - s->segment >= s->disk->period;
}

static int append(costate_sched *s, int64_t step, costate_arrival kind)
{
  costate_disk *d = s->disk;

  if (d->n == d->cap) {
    const int64_t cap = 2 * d->cap + 16;
    start        *p   = realloc(d->at, (size_t)cap * sizeof(*p));

    if (!p) return costate_sched_fail(s, COSTATE_SCHED_ERR_MEM, "no memory for the table of states on disk");
    d->at  = p;
    d->cap = cap;
  }
  memset(&d->at[d->n], 0, sizeof(*d->at));
  d->at[d->n].step  = step;
  d->at[d->n].macro = -1;
  d->at[d->n].kind  = (unsigned char)kind;
  d->n++;
  return COSTATE_SCHED_OK;
}

static void cut(costate_disk *d, int64_t i)
{
  memmove(d->at + i, d->at + i + 1, (size_t)(d->n - i - 1) * sizeof(*d->at));
  d->n--;
}

static int write_out(costate_sched *s, start *e)
{
  const int64_t units = 1 + (e->kind == COSTATE_ARRIVE_JUMP);

  e->waits   = 0;
  e->on_disk = 1;
  s->stats.writes += units;
  s->stats.disk_units += units;
  if (s->stats.disk_units > s->stats.peak_disk) s->stats.peak_disk = s->stats.disk_units;
  COSTATE_TRY(costate_emit(s, COSTATE_STORE, COSTATE_STATE, e->step));
  s->queue[s->tail - 1].tier = COSTATE_DISK;
  return COSTATE_SCHED_OK;
}

static int wipe(costate_sched *s, int64_t i)
{
  start *e = &s->disk->at[i];

  s->stats.disk_units -= 1 + (e->kind == COSTATE_ARRIVE_JUMP);
  COSTATE_TRY(costate_emit(s, COSTATE_EVICT, COSTATE_STATE, e->step));
  s->queue[s->tail - 1].tier = COSTATE_DISK;
  cut(s->disk, i);
  return COSTATE_SCHED_OK;
}

int costate_disk_land(costate_sched *s)
{
  int64_t at;

  if (!s->disk || s->disk->flying < 0) return 0;
  at              = costate_index(s, s->disk->flying);
  s->disk->flying = -1;
  if (at < 0) return 0;
  costate_unpin(s, at);
  return 1;
}

static int undecided(const start *e)
{
  return !e->memory_only && !e->on_disk && !e->waits;
}

/* Spare is what lies below the first start that has to stay in memory. */
static void update_floor(costate_sched *s)
{
  const costate_disk *d = s->disk;
  int64_t             i = 0;

  while (i + 1 < d->n && !undecided(&d->at[i])) i++;
  costate_set_floor(s, d->at[i].step);
}

static start *find_macro(costate_disk *d, int64_t macro, int64_t *i)
{
  for (*i = d->n - 1; *i >= 0; (*i)--) {
    if (d->at[*i].macro == macro) return &d->at[*i];
  }
  return NULL;
}

/* Perhaps the start with this number is decided on: then its memory is needed no more, but for as long as it is being
 * written. */
static void settle(costate_sched *s, int64_t macro)
{
  costate_disk *d = s->disk;
  int64_t       i, at;
  start        *e = macro < 0 ? NULL : find_macro(d, macro, &i);
  int           written;

  if (!e || e->settled || i + 1 == d->n) return; /* the last one is the start of what is being executed now */
  written = e->on_disk;
  if (!written && macro == d->fed - 1) return;
  e->settled = 1;
  at         = costate_index(s, e->step);
  if (written && d->io == COSTATE_IO_BEHIND && e->kind == COSTATE_ARRIVE_STEP) {
    (void)costate_disk_land(s);
    d->flying = e->step;
  } else if (at >= 0)
    costate_unpin(s, at);
  if (!written) cut(d, i);
}

/* The policy of the disk learns of one more start, which decides the fate of the one before. */
static int feed(costate_sched *s)
{
  costate_disk  *d = s->disk;
  costate_action a;
  int64_t        i = 0, k;
  start         *e;

  while (d->at[i].fed) i++;
  e      = &d->at[i];
  e->fed = 1;
  if (e->kind != COSTATE_ARRIVE_STEP &&
      d->macro->stats.pinned_units + 1 + (e->kind == COSTATE_ARRIVE_JUMP) > d->units) {
    e->memory_only = 1;
    return COSTATE_SCHED_OK;
  }
  e->macro = d->fed;
  if (costate_sched_arrive(d->macro, d->fed++, (costate_arrival)e->kind)) {
    return costate_sched_fail(s, COSTATE_SCHED_ERR_POLICY, "the policy of the disk: %s", costate_sched_error(d->macro));
  }
  for (;;) {
    if (costate_sched_next(d->macro, &a)) {
      return costate_sched_fail(s, COSTATE_SCHED_ERR_POLICY, "the policy of the disk: %s",
                                costate_sched_error(d->macro));
    }
    if (a.kind == COSTATE_YIELD) break;
    e = find_macro(d, a.step, &k);
    if (a.kind == COSTATE_EVICT)
      COSTATE_TRY(wipe(s, k));
    else if (costate_index(s, e->step) < 0)
      e->waits = 1; /* it arrives just now */
    else
      COSTATE_TRY(write_out(s, e));
  }
  settle(s, d->fed - 2);
  settle(s, d->fed - 1);
  update_floor(s);
  return COSTATE_SCHED_OK;
}

int costate_disk_press(costate_sched *s, int64_t n, costate_arrival kind)
{
  costate_disk *d    = s->disk;
  int64_t       want = (s->units + 1) / 2;

  if (d->period && 2 * d->period < want) want = 2 * d->period;
  COSTATE_TRY(append(s, n, kind));
  return costate_disk_relieve(s, want);
}

int costate_disk_relieve(costate_sched *s, int64_t units)
{
  costate_disk *d = s->disk;

  while (costate_free(s) < units && d->n > 1 && !d->at[d->n - 1].fed) COSTATE_TRY(feed(s));
  update_floor(s);
  return COSTATE_SCHED_OK;
}

int costate_disk_begin(costate_sched *s, int64_t n, costate_arrival kind)
{
  costate_disk *d = s->disk;

  if (n == 0) COSTATE_TRY(append(s, 0, kind));
  if (d->at[d->n - 1].waits) COSTATE_TRY(write_out(s, &d->at[d->n - 1]));
  set_period(s);
  return COSTATE_SCHED_OK;
}

int costate_disk_probe(costate_sched *s)
{
  return known(&s->disk->costs) || s->disk->at[0].fed ? COSTATE_SCHED_OK : feed(s);
}

/* ---- backward ---- */

static int in_memory(const costate_sched *s, const start *e)
{
  return costate_index(s, e->step) >= 0;
}

static int fetch(costate_sched *s, const start *e)
{
  const int jump = e->kind == COSTATE_ARRIVE_JUMP;

  costate_set_floor(s, e->step);
  COSTATE_TRY(costate_drop_spare(s, 1 + jump));
  s->stats.reads += 1 + jump;
  return costate_fetch_state(s, e->step, jump);
}

/* So many steps from a state on disk are one period, which memory reverses; more have lost starts to the quota. */
static int one_period(const costate_disk *d, int64_t len)
{
  return d->units >= COSTATE_UNLIMITED || len <= d->base;
}

int costate_disk_reach(costate_sched *s, int64_t k)
{
  const costate_disk *d   = s->disk;
  const int64_t       top = s->nheld ? s->held[s->nheld - 1].step : -1;
  const start        *e;

  if (!d || !d->n) return COSTATE_SCHED_OK;
  e = &d->at[d->n - 1];
  /* on the way from one state to the next that is kept: its unit must not be taken */
  if (s->work > top && s->work > e->step && s->work < k) return COSTATE_SCHED_OK;
  if (e->on_disk && e->step > top) COSTATE_TRY(fetch(s, e));
  if (!d->ahead || !one_period(d, k - e->step)) return COSTATE_SCHED_OK;
  if (in_memory(s, e) && --e < d->at) return COSTATE_SCHED_OK;
  if (!e->on_disk || in_memory(s, e)) return COSTATE_SCHED_OK;
  return s->units - s->stats.units > (e->kind == COSTATE_ARRIVE_JUMP) ? fetch(s, e) : COSTATE_SCHED_OK;
}

static int64_t memory_cost(void *ctx, int64_t len, int64_t units)
{
  return costate_ledger_cost((costate_sched *)ctx, len, units);
}

int costate_disk_split(costate_sched *s, int64_t k, int64_t from, int64_t at, int *done)
{
  costate_disk       *d     = s->disk;
  const int64_t       units = s->units - s->stats.units + 1, len = k - from;
  const int64_t       exact = costate_disk_exact();
  int64_t             spare, longest;
  costate_disk_choice c;

  *done = 0;
  if (!d || !d->n || d->at[d->n - 1].step != from || !d->at[d->n - 1].on_disk || !known(&d->costs) ||
      s->held[at].record || (d->io != COSTATE_IO_REREAD && one_period(d, len))) {
    return COSTATE_SCHED_OK;
  }
  spare   = d->units < COSTATE_UNLIMITED ? 1 + d->units - s->stats.disk_units : 1;
  longest = len;
  if (len <= exact) longest = d->period < exact ? d->period : exact; /* one table for all that it is exact for */
  if (longest < len) longest = len;
  if (d->longest > exact && len <= exact) d->longest = 0; /* that one is coarse */
  if (!d->longest || !costate_twolevel_covers(d->table, units, spare, len, &d->costs)) {
    costate_twolevel_destroy(d->table);
    COSTATE_TRY(costate_ledger_sync(s));
    d->table =
        costate_twolevel_create(units, d->units < COSTATE_UNLIMITED ? d->units : 1, longest, &d->costs, memory_cost, s);
    if (!d->table) return costate_sched_fail(s, COSTATE_SCHED_ERR_MEM, "no memory for the table of the disk");
    if (s->ledger->failed) return s->ledger->failed;
    d->longest = longest;
  }
  costate_twolevel_choose(d->table, len, spare, &c);
  if (!c.advance) return COSTATE_SCHED_OK;
  *done = 1;
  COSTATE_TRY(costate_drop_state(s, at));
  COSTATE_TRY(costate_step_advance(s, from, from + c.advance));
  if (c.advance + 1 == len) return COSTATE_SCHED_OK; /* one step is left, and work storage has its start */
  COSTATE_TRY(costate_keep_state(s, from + c.advance, 0, 0));
  if (!c.write) return COSTATE_SCHED_OK;
  COSTATE_TRY(append(s, from + c.advance, COSTATE_ARRIVE_STEP));
  return write_out(s, &d->at[d->n - 1]);
}

int costate_disk_forget(costate_sched *s, int64_t k)
{
  costate_disk *d = s->disk;

  while (d && d->n && d->at[d->n - 1].step >= k - 1) {
    if (d->at[d->n - 1].on_disk)
      COSTATE_TRY(wipe(s, d->n - 1));
    else
      d->n--;
  }
  return COSTATE_SCHED_OK;
}
