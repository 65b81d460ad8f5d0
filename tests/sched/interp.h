/* SPDX-License-Identifier: BSD-2-Clause */
/*
  An executor of the scheduler's actions on plain sets: it believes nothing, and says in one sentence what is wrong.
  Also: the reading of the oracle tables, and a random number generator.
*/
#ifndef COSTATE_TESTS_INTERP_H
#define COSTATE_TESTS_INTERP_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "costate/sched.h"

typedef struct {
  costate_sched_config cfg;
  int64_t              n;                             /* steps that the arrays have room for */
  const unsigned char *kind;                          /* costate_arrival of every state, or NULL */
  unsigned char       *state, *record, *jump, *times; /* held; times: how often step k was executed */
  unsigned char       *disk;                          /* states on disk */
  int64_t              on_disk, writes, reads;
  int64_t              start; /* of the segment that is being reversed */
  int64_t              N, todo, work, stages, loaded, evicting, pinned_above;
  int64_t              units, peak, evaluations, advances, most;
  uint64_t             hash; /* of all actions */
  char                 wrong[200];
} model;

#if defined(__GNUC__)
__attribute__((format(printf, 2, 3)))
#endif
static inline int
model_wrong(model *m, const char *format, ...)
{
  va_list args;

  if (m->wrong[0]) return 0;
  va_start(args, format);
  vsnprintf(m->wrong, sizeof(m->wrong), format, args);
  va_end(args);
  return 0;
}

#define REQUIRE(condition, ...)                                                                                        \
  do {                                                                                                                 \
    if (!(condition)) return model_wrong(m, __VA_ARGS__);                                                              \
  } while (0)

static inline void model_init(model *m, const costate_sched_config *cfg, int64_t n, const unsigned char *kind)
{
  memset(m, 0, sizeof(*m));
  m->cfg    = *cfg;
  m->n      = n;
  m->kind   = kind;
  m->state  = calloc((size_t)n + 2, 1);
  m->record = calloc((size_t)n + 2, 1);
  m->jump   = calloc((size_t)n + 2, 1);
  m->times  = calloc((size_t)n + 2, 1);
  m->disk   = calloc((size_t)n + 2, 1);
  m->hash   = 1469598103934665603u;
}

static inline void model_free(model *m)
{
  free(m->state);
  free(m->record);
  free(m->jump);
  free(m->times);
  free(m->disk);
}

static inline int model_is_boundary(const model *m, int64_t k)
{
  return k == 0 || (m->kind && k < m->n && m->kind[k] != COSTATE_ARRIVE_STEP);
}

static inline int model_ends(const model *m)
{
  return m->cfg.stage_units == 1 && m->cfg.stage_restarts;
}

static inline void model_count(model *m, int64_t units)
{
  m->units += units;
  if (m->units > m->peak) m->peak = m->units;
}

static inline int model_execute(model *m, int64_t k)
{
  if (m->times[k] < 255) m->times[k]++;
  if (m->times[k] > m->most) m->most = m->times[k];
  m->evaluations++;
  m->stages = k;
  m->work   = k;
  return 1;
}

/* N: 0 in the forward sweep, where state n - 1 waits in a buffer and state n is in work storage. */
static inline int model_store(model *m, const costate_action *a)
{
  const int64_t k = a->step;

  if (a->what == COSTATE_STATE) {
    REQUIRE(k == m->work || (!m->N && k == m->work - 1), "state %lld is stored, which is not at hand", (long long)k);
    REQUIRE(!m->state[k], "state %lld is stored twice", (long long)k);
    m->state[k] = 1;
    m->jump[k]  = m->kind && k < m->n && m->kind[k] == COSTATE_ARRIVE_JUMP;
    model_count(m, 1 + m->jump[k]);
  } else {
    REQUIRE(m->cfg.stage_units > 0 && !model_ends(m), "stages are stored, but there are none");
    REQUIRE(k == m->stages, "stages of step %lld are stored, which are not at hand", (long long)k);
    REQUIRE(!m->record[k], "stages of step %lld are stored twice", (long long)k);
    REQUIRE(m->cfg.stage_restarts ? m->state[k] || !m->N : m->state[k - 1], "stages of step %lld hang in the air",
            (long long)k);
    m->record[k] = 1;
    model_count(m, m->cfg.stage_units - 1);
  }
  REQUIRE(m->units <= m->cfg.units, "%lld units are held", (long long)m->units);
  return 1;
}

/* Between memory and disk: what is written is in memory, what is fetched on disk. */
static inline int model_disk(model *m, const costate_action *a)
{
  const int64_t k = a->step, units = 1 + m->jump[k];

  REQUIRE(a->what == COSTATE_STATE, "stages of step %lld move to or from the disk", (long long)k);
  if (a->kind == COSTATE_STORE) {
    REQUIRE(m->state[k] && !m->disk[k], "state %lld is written, but memory %s hold it", (long long)k,
            m->state[k] ? "and disk" : "does not");
    m->disk[k] = 1;
    m->on_disk += units;
    m->writes += units;
    REQUIRE(m->on_disk <= m->cfg.disk, "%lld states are on disk", (long long)m->on_disk);
  } else if (a->kind == COSTATE_FETCH) {
    REQUIRE(m->disk[k] && !m->state[k], "state %lld is fetched, but the disk %s hold it", (long long)k,
            m->disk[k] ? "and memory" : "does not");
    m->state[k] = 1;
    m->reads += units;
    model_count(m, units);
    REQUIRE(m->units <= m->cfg.units, "%lld units are held", (long long)m->units);
  } else {
    REQUIRE(m->disk[k], "state %lld is wiped, which is not on disk", (long long)k);
    REQUIRE(m->N || m->state[k] || !model_is_boundary(m, k), "boundary %lld is wiped", (long long)k);
    m->disk[k] = 0;
    m->on_disk -= units;
  }
  return 1;
}

static inline int model_evict(model *m, const costate_action *a)
{
  const int64_t k = a->step;

  if (a->what == COSTATE_STATE) {
    REQUIRE(m->state[k], "state %lld is forgotten, which is not held", (long long)k);
    REQUIRE(!m->record[m->cfg.stage_restarts ? k : k + 1], "state %lld goes and its stages stay", (long long)k);
    REQUIRE(m->N || m->disk[k] || !model_is_boundary(m, k) ||
                (k == 0 && m->cfg.stage_restarts && !strcmp(m->cfg.policy, "offline")),
            "pinned state %lld is forgotten", (long long)k);
    REQUIRE(!m->N || !m->jump[k] || m->disk[k] || m->todo == k || (m->cfg.stage_restarts && m->todo == k - 1),
            "the states of jump %lld go at step %lld", (long long)k, (long long)m->todo);
    m->state[k] = 0;
    m->units -= 1 + m->jump[k];
  } else {
    REQUIRE(m->record[k], "stages of step %lld are forgotten, which are not held", (long long)k);
    m->record[k] = 0;
    m->units -= m->cfg.stage_units - 1;
  }
  return 1;
}

static inline int model_adjoint(model *m, const costate_action *a)
{
  const int64_t k = a->step;

  REQUIRE(k == m->todo, "step %lld is reversed instead of step %lld", (long long)k, (long long)m->todo);
  if (a->taped) {
    REQUIRE(m->work == k - 1, "step %lld is taped from state %lld", (long long)k, (long long)m->work);
    model_execute(m, k);
  } else if (model_ends(m) && k < m->N) {
    REQUIRE(m->work == k - 1, "step %lld is reversed without its first state", (long long)k);
  } else {
    REQUIRE(m->stages == k && (k == m->N || m->loaded == k), "step %lld is reversed without its stages", (long long)k);
  }
  m->loaded = 0;
  m->todo   = k - 1;
  return 1;
}

static inline int model_act(model *m, const costate_action *a)
{
  const int64_t word[6] = {(int64_t)a->kind, (int64_t)a->what, (int64_t)a->tier, a->step, a->from, a->taped};

  for (int i = 0; i < 6; i++) m->hash = (m->hash ^ (uint64_t)word[i]) * 1099511628211u;
  REQUIRE(!m->loaded || a->kind == COSTATE_ADJOINT, "stages are loaded and not used");
  if (a->tier == COSTATE_DISK || a->kind == COSTATE_FETCH) return model_disk(m, a);
  switch (a->kind) {
  case COSTATE_STORE: return model_store(m, a);
  case COSTATE_EVICT: return model_evict(m, a);
  case COSTATE_ADJOINT: return model_adjoint(m, a);
  case COSTATE_RESTORE:
    if (a->what == COSTATE_STATE) {
      REQUIRE(m->state[a->step], "state %lld is loaded, which is not held", (long long)a->step);
      m->work   = a->step;
      m->stages = 0;
    } else {
      REQUIRE(m->record[a->step], "stages of step %lld are loaded, which are not held", (long long)a->step);
      m->stages = m->loaded = a->step;
      m->work               = m->cfg.stage_restarts ? a->step : a->step - 1;
    }
    return 1;
  case COSTATE_ADVANCE:
    REQUIRE(m->work == a->from, "the run goes on from state %lld, work storage holds %lld", (long long)a->from,
            (long long)m->work);
    REQUIRE(a->from < a->step && a->step < m->todo, "steps %lld to %lld are executed before step %lld is reversed",
            (long long)a->from, (long long)a->step, (long long)m->todo);
    for (int64_t k = a->from + 1; k <= a->step; k++) {
      REQUIRE(!model_is_boundary(m, k), "a step is repeated into boundary %lld", (long long)k);
      m->advances++;
      model_execute(m, k);
    }
    return 1;
  default: return model_wrong(m, "an action of kind %d", (int)a->kind);
  }
}

/* Carries out everything up to YIELD or DONE. */
static inline int model_drain(model *m, costate_sched *s)
{
  costate_action a;

  for (;;) {
    if (costate_sched_next(s, &a)) return model_wrong(m, "refused: %s", costate_sched_error(s));
    if (a.kind == COSTATE_YIELD || a.kind == COSTATE_DONE) {
      REQUIRE((a.kind == COSTATE_DONE) == (m->N > 0), "the scheduler yields and is done at the wrong time");
      return 1;
    }
    if (!model_act(m, &a)) return 0;
  }
}

static inline int model_arrive(model *m, costate_sched *s, int64_t n)
{
  if (n > 0) {
    model_execute(m, n);
    m->advances++;
  }
  m->work = n;
  if (costate_sched_arrive(s, n, m->kind ? (costate_arrival)m->kind[n] : COSTATE_ARRIVE_STEP)) {
    return model_wrong(m, "arrival %lld refused: %s", (long long)n, costate_sched_error(s));
  }
  if (!model_drain(m, s)) return 0;
  REQUIRE(m->state[n] || m->disk[n] || !model_is_boundary(m, n), "boundary %lld is not held", (long long)n);
  /* the record of a state that was not kept must not stay behind */
  REQUIRE(n < 1 || !m->cfg.stage_restarts || !m->record[n - 1] || m->state[n - 1], "stages of step %lld are left over",
          (long long)n - 1);
  return 1;
}

static inline int model_turn(model *m, costate_sched *s, int64_t N)
{
  costate_sched_stats st;

  model_execute(m, N);
  m->N = m->todo = N;
  if (costate_sched_turn(s, N)) return model_wrong(m, "turn refused: %s", costate_sched_error(s));
  if (!model_drain(m, s)) return 0;
  costate_sched_get_stats(s, &st);
  REQUIRE(m->todo == 0, "step %lld is not reversed", (long long)m->todo);
  REQUIRE(m->units == 0, "%lld units are left over", (long long)m->units);
  REQUIRE(m->on_disk == 0 && st.disk_units == 0, "%lld states are left on disk", (long long)m->on_disk);
  REQUIRE(st.writes == m->writes && st.reads == m->reads, "the scheduler counts %lld writes and %lld reads",
          (long long)st.writes, (long long)st.reads);
  REQUIRE(st.evaluations == m->evaluations && st.advances == m->advances && st.taped + st.advances == m->evaluations,
          "the scheduler counts %lld evaluations, the executor %lld", (long long)st.evaluations,
          (long long)m->evaluations);
  REQUIRE(st.peak_units == m->peak && st.adjoints == N && st.steps == N && st.units == 0 && st.pinned_units == 0,
          "the scheduler's statistics are not the executor's");
  return 1;
}

/* One run of N steps; 0 and a sentence in m->wrong if anything was amiss. */
static inline int model_run(model *m, const costate_sched_config *cfg, int64_t N, const unsigned char *kind)
{
  costate_sched *s    = NULL;
  int            good = 1;

  model_init(m, cfg, N, kind);
  if (costate_sched_create(cfg, &s)) return model_wrong(m, "create: %s", costate_sched_config_error(cfg));
  for (int64_t n = 0; good && n < N; n++) good = model_arrive(m, s, n);
  if (good) good = model_turn(m, s, N);
  costate_sched_destroy(s);
  return good;
}

/* Evaluations of one run; -1 and the sentence on stderr if it went wrong. */
static inline int64_t model_evaluations(const costate_sched_config *cfg, int64_t N)
{
  model   m;
  int64_t e = model_run(&m, cfg, N, NULL) ? m.evaluations : -1;

  if (e < 0) {
    fprintf(stderr, "# %s units %lld g %lld restarts %d steps %lld: %s\n", cfg->policy, (long long)cfg->units,
            (long long)cfg->stage_units, cfg->stage_restarts, (long long)N, m.wrong);
  }
  model_free(&m);
  return e;
}

/* A(n; C): the advances of a run that stops at n with these states held, each stretch completed binomially. */
static inline int64_t advances_of(const int64_t *c, int64_t count, int64_t s, int64_t n)
{
  int64_t a = n - 1;

  for (int64_t i = 0; i < count; i++) {
    a += costate_offline_advances((i + 1 < count ? c[i + 1] : n - 1) - c[i], s - i);
  }
  return a;
}

static inline FILE *oracle_open(const char *name)
{
  const char *root = getenv("ROOT");
  char        path[1024];
  FILE       *f;

  snprintf(path, sizeof(path), "%s/tests/oracles/%s", root ? root : ".", name);
  f = fopen(path, "r");
  if (!f) fprintf(stderr, "# cannot open %s; set ROOT to the checkout\n", path);
  return f;
}

/* The next row of numbers; what comes after the last number that was asked for is left in *rest. */
static inline int oracle_row(FILE *f, char *line, size_t size, int columns, double *value, char **rest)
{
  while (f && fgets(line, (int)size, f)) {
    char *p = line;

    if (*p < '0' || *p > '9') continue; /* comment or header */
    for (int i = 0; i < columns; i++) {
      char *end;

      value[i] = strtod(p, &end);
      if (end == p) value[i] = -1;
      p = *end == ',' ? end + 1 : end;
    }
    if (rest) *rest = p;
    return 1;
  }
  return 0;
}

static inline uint64_t test_seed(void)
{
  const char *seed = getenv("SEED");

  return seed ? strtoull(seed, NULL, 10) : 1;
}

/* Under valgrind and the like the loops are shorter. */
static inline int test_fast(void)
{
  return getenv("COSTATE_TEST_FAST") != NULL;
}

static inline int64_t random_below(uint64_t *state, int64_t n)
{
  *state ^= *state << 13;
  *state ^= *state >> 7;
  *state ^= *state << 17;
  return (int64_t)((*state >> 11) % (uint64_t)n);
}

#endif
