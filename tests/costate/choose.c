/* SPDX-License-Identifier: BSD-2-Clause */
/* ranks: 1 2 */
/*
  -costate_type auto and -costate_vjp auto: what they take on problems that call for different things, that they say so
  with a reason for each that they do not take, and that what they take works.
*/
#include "../vjp/rod.h"

#define METHODS 7
/* what auto takes where a Jacobian is wrong */
#if defined(PETSC_USE_COMPLEX)
#define INSTEAD "complex"
#else
#define INSTEAD "coloring"
#endif

static const struct {
  const char *problem, *options, *method, *said; /* said: one of the reasons */
} rules[] = {
    {"lotka", "-tend 1", "discrete", "not forward: dG/du0 is wanted, too"},
    {"lotka", "-tend 1 -costate_wanted parameters", "discrete", "not forward: an adjoint step costs no more"},
    {"heat", "-tend .01 -costate_wanted parameters", "discrete", "not forward: an adjoint step costs no more"},
    {"heat", "-ts_type bdf -tend .01 -costate_wanted parameters", "forward",
     "not discrete: the TS type has no adjoint"},
    {"lotka", "-ts_type bdf -form implicit -tend .1", "interpolating", "not discrete: the TS type has no adjoint step"},
    {"dae1", "-ts_type bdf -tend .1", "interpolating", "not backsolve: the state of a stiff run"},
    {"brusselator", "-n 4 -ts_type arkimex -form split -tend .01", "gauss",
     "not interpolating: each stage would solve"},
    {"heat", "-ts_type bdf -tend .01", "interpolating", "not gauss: few parameters"},
    {"advdiff", "-n 8 -ts_type bdf -tend .01", "gauss", "not interpolating: would carry an integral for each"},
    {"lorenz96", "-n 12 -ts_type bdf -form implicit -tend .01 -costate_wanted parameters", "gauss",
     "not forward: more than three parameters"},
    {"lotka", "-ts_type ssp -tend 1", "gauss", "not interpolating: gauss takes fewer products"},
    {"lotka", "-ts_type ssp -tend 1 -costate_wanted parameters", "gauss", "not forward: more than three parameters"},
    {"hessian3", "-cost times -ts_type ssp -tend .5 -costate_wanted parameters", "forward",
     "not gauss: forward serves"},
    {"hessian3", "-cost integral -ts_type ssp -tend .5 -costate_wanted parameters", "gauss",
     "not forward: an integral"},
    {"advdiff", "-n 8 -tend .05", "discrete", "not gauss: discrete serves"},
    {"advdiff", "-n 64 -tend .01", "gauss", "not discrete: steps that are right for the state are too long"},
    {"advdiff", "-n 64 -tend .002 -dt .0005 -ts_adapt_type none", "discrete", "not gauss: discrete serves"},
    {"heat", "-ts_type rk -form rhs -n 60 -tend .001", "gauss", "not discrete: steps that are right"},
    {"heat", "-ts_type rk -form rhs -n 60 -tend .001 -costate_wanted parameters", "discrete",
     "not forward: an adjoint"},
    {"rest", "-tend 1", "discrete", "not implicit: a time integration"},
    {"rest", "-costate_steady_rtol 1e-9 -costate_wanted parameters", "implicit", "not discrete: implicit serves"},
    {"rest", "-tend 1 -costate_steady_atol 1e-8", "discrete", "not implicit: dG/du0 is wanted, too"},
    {"rest", "-tend 1 -cost times -times .5,1 -costate_steady_atol 1e-8 -costate_wanted parameters", "discrete",
     "not implicit: a cost is taken before the end"},
};
#define NRULES ((int)(sizeof(rules) / sizeof(rules[0])))

/* How many methods are said not to be taken. */
static PetscErrorCode Rejections(const char text[], int *n)
{
  PetscInt    i;
  const char *name, *what;
  char        line[64];

  PetscFunctionBeginUser;
  *n = 0;
  for (i = 0;; i++) {
    PetscCall(CostateListGet(i, &name, &what));
    if (!name) break;
    (void)snprintf(line, sizeof(line), "  not %s: ", name);
    if (strstr(text, line)) ++*n;
  }
  PetscFunctionReturn(0);
}

static PetscErrorCode CheckRule(int i)
{
  CostateProblem         pr;
  Costate                cs;
  CostateType            type;
  CostateConvergedReason reason;
  char                   text[4096], first[128];
  int                    n;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(rules[i].options));
  PetscCall(ZooCreate(rules[i].problem, COSTATEAUTO, &pr, &cs));
  PetscCall(ZooListen());
  PetscCall(CostateSolve(cs));
  PetscCall(ZooHeardText(text, sizeof(text)));
  PetscCall(CostateGetType(cs, &type));
  PetscCall(CostateGetConvergedReason(cs, &reason));
  PetscCall(Rejections(text, &n));
  (void)snprintf(first, sizeof(first), "costate: -costate_type auto: %s, ", rules[i].method);
  T_OK(!strcmp(type, rules[i].method) && strstr(text, first) && strstr(text, rules[i].said) && n == METHODS - 1 &&
           reason > 0,
       "%s %s: %s, which says so, and of %d others why not, and works", rules[i].problem, rules[i].options, type, n);
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

/* The choice belongs to the object: it can be made again, and unmade. */
static PetscErrorCode CheckAgain(void)
{
  CostateProblem pr;
  Costate        cs;
  TS             ts;
  CostateType    type;
  char           text[4096];

  PetscFunctionBeginUser;
  PetscCall(ZooOptions("-tend 1 -cost terminal"));
  PetscCall(ZooCreate("hessian3", COSTATEAUTO, &pr, &cs));
  PetscCall(CostateProblemGetTS(pr, &ts));
  PetscCall(ZooListen());
  PetscCall(CostateSolve(cs));
  PetscCall(CostateReset(cs));
  PetscCall(TSSetType(ts, TSSSP));
  PetscCall(CostateSolve(cs));
  PetscCall(ZooHeardText(text, sizeof(text)));
  PetscCall(CostateGetType(cs, &type));
  T_OK(strstr(text, "auto: discrete,") && strstr(text, "auto: gauss,") && !strcmp(type, COSTATEGAUSS),
       "another TS type, and auto takes another method: %s", type);
  PetscCall(CostateSetType(cs, COSTATEINTERPOLATING));
  PetscCall(ZooListen());
  PetscCall(CostateSolve(cs));
  PetscCall(ZooHeardText(text, sizeof(text)));
  PetscCall(CostateGetType(cs, &type));
  T_OK(!text[0] && !strcmp(type, COSTATEINTERPOLATING), "a method that is named afterwards is taken, in silence");
  PetscCall(CostateSetType(cs, COSTATEAUTO));
  PetscCall(CostateSetWanted(cs, PETSC_FALSE, PETSC_TRUE));
  PetscCall(ZooListen());
  PetscCall(CostateSolve(cs));
  PetscCall(ZooHeardText(text, sizeof(text)));
  PetscCall(CostateGetType(cs, &type));
  T_OK(!strcmp(type, COSTATEFORWARD), "CostateSetWanted(): dG/dp alone, and auto takes %s", type);
  REFUSES(CostateSetWanted(cs, PETSC_FALSE, PETSC_FALSE), "one of them has to be", "no gradient at all");
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

/* u^3 + u = p */
static PetscErrorCode Residual(SNES snes, Vec u, Vec f, void *ctx)
{
  PetscFunctionBeginUser;
  (void)snes;
  PetscCall(VecPointwiseMult(f, u, u));
  PetscCall(VecPointwiseMult(f, f, u));
  PetscCall(VecAXPY(f, 1, u));
  PetscCall(VecAXPY(f, -1, (Vec)ctx));
  PetscFunctionReturn(0);
}

static PetscErrorCode SteadyJacobian(SNES snes, Vec u, Mat A, Mat P, void *ctx)
{
  Vec d;

  PetscFunctionBeginUser;
  (void)snes, (void)P, (void)ctx;
  PetscCall(VecDuplicate(u, &d));
  PetscCall(VecPointwiseMult(d, u, u));
  PetscCall(VecScale(d, 3));
  PetscCall(VecShift(d, 1));
  PetscCall(MatDiagonalSet(A, d, INSERT_VALUES));
  PetscCall(VecDestroy(&d));
  PetscFunctionReturn(0);
}

static PetscErrorCode SteadyJacobianP(Costate cs, Vec u, Vec p, Mat Jp, void *ctx)
{
  PetscFunctionBeginUser;
  (void)cs, (void)u, (void)p, (void)ctx;
  PetscCall(MatZeroEntries(Jp));
  PetscCall(MatShift(Jp, -1));
  PetscFunctionReturn(0);
}

static PetscErrorCode CheckSteady(void)
{
  static const TestCost cost = {1, .3, 0};
  Costate               cs;
  SNES                  snes;
  Vec                   u, p;
  Mat                   J, Jp;
  CostateType           type;
  PetscInt              first, last;
  char                  text[4096];
  int                   n;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions("-costate_type auto"));
  PetscCall(MatCreateAIJ(PETSC_COMM_WORLD, PETSC_DECIDE, PETSC_DECIDE, 5, 5, 1, NULL, 0, NULL, &J));
  PetscCall(MatGetOwnershipRange(J, &first, &last));
  for (PetscInt i = first; i < last; i++) PetscCall(MatSetValue(J, i, i, 1, INSERT_VALUES));
  PetscCall(MatAssemblyBegin(J, MAT_FINAL_ASSEMBLY));
  PetscCall(MatAssemblyEnd(J, MAT_FINAL_ASSEMBLY));
  PetscCall(MatDuplicate(J, MAT_COPY_VALUES, &Jp));
  PetscCall(MatCreateVecs(J, &p, &u));
  PetscCall(VecSet(p, 2));
  PetscCall(SNESCreate(PETSC_COMM_WORLD, &snes));
  PetscCall(SNESSetFunction(snes, NULL, Residual, p));
  PetscCall(SNESSetJacobian(snes, J, J, SteadyJacobian, NULL));
  PetscCall(CostateCreate(PETSC_COMM_WORLD, &cs));
  PetscCall(CostateSetSNES(cs, snes));
  PetscCall(CostateSetInitialState(cs, u));
  PetscCall(CostateSetParameters(cs, p));
  PetscCall(CostateSetSteadyJacobianP(cs, Jp, SteadyJacobianP, NULL));
  PetscCall(CostateSetTerminalCost(cs, 0, TEST_COST(&cost)));
  PetscCall(CostateSetFromOptions(cs));
  PetscCall(ZooListen());
  PetscCall(CostateSolve(cs));
  PetscCall(ZooHeardText(text, sizeof(text)));
  PetscCall(CostateGetType(cs, &type));
  PetscCall(Rejections(text, &n));
  T_OK(!strcmp(type, COSTATEIMPLICIT) && n == METHODS - 1, "a steady problem: %s", type);
  PetscCall(CostateDestroy(&cs));
  PetscCall(SNESDestroy(&snes));
  PetscCall(VecDestroy(&u));
  PetscCall(VecDestroy(&p));
  PetscCall(MatDestroy(&J));
  PetscCall(MatDestroy(&Jp));
  PetscFunctionReturn(0);
}

static TSRHSJacobian right_jacobian;
static void         *right_ctx;

/* The first equation's derivatives have the wrong sign. */
static PetscErrorCode WrongJacobian(TS ts, PetscReal t, Vec u, Mat A, Mat P, void *ctx)
{
  Vec      sign;
  PetscInt first;

  PetscFunctionBeginUser;
  (void)ctx;
  PetscCall((*right_jacobian)(ts, t, u, A, P, right_ctx));
  PetscCall(MatCreateVecs(A, NULL, &sign));
  PetscCall(VecSet(sign, 1));
  PetscCall(VecGetOwnershipRange(sign, &first, NULL));
  if (!first) PetscCall(VecSetValue(sign, 0, -1, INSERT_VALUES));
  PetscCall(VecAssemblyBegin(sign));
  PetscCall(VecAssemblyEnd(sign));
  PetscCall(MatDiagonalScale(A, sign, NULL));
  PetscCall(VecDestroy(&sign));
  PetscFunctionReturn(0);
}

static PetscErrorCode Provider(const char options[], PetscBool wrong, ZooResult *r, char text[], size_t len)
{
  CostateProblem pr;
  Costate        cs;
  TS             ts;
  Mat            A, P;

  PetscFunctionBeginUser;
  PetscCall(ZooOptions(options));
  PetscCall(ZooCreate("lotka", COSTATEDISCRETE, &pr, &cs));
  PetscCall(CostateProblemGetTS(pr, &ts));
  if (wrong) {
    PetscCall(TSGetRHSJacobian(ts, &A, &P, &right_jacobian, &right_ctx));
    PetscCall(TSSetRHSJacobian(ts, A, P, WrongJacobian, NULL));
  }
  PetscCall(ZooListen());
  PetscCall(CostateSolve(cs));
  PetscCall(ZooHeardText(text, len));
  PetscCall(ZooTake(pr, cs, r));
  PetscCall(CostateDestroy(&cs));
  PetscCall(CostateProblemDestroy(&pr));
  PetscFunctionReturn(0);
}

/* The quick look at the first state tells a right Jacobian from a wrong one. */
static PetscErrorCode CheckProviders(void)
{
  ZooResult      own, r;
  PetscReal      e;
  char           text[4096];
  Rod            rod = {.dumb = PETSC_FALSE};
  Costate        cs;
  PetscBool      refused;
  PetscErrorCode err;

  PetscFunctionBeginUser;
  PetscCall(Provider("-tend 3", PETSC_FALSE, &own, text, sizeof(text)));
  PetscCall(Provider("-tend 3 -costate_vjp auto", PETSC_FALSE, &r, text, sizeof(text)));
  PetscCall(ZooDifference(r.gu, own.gu, &e));
  T_OK(strstr(text, "costate: -costate_vjp auto: G_u by jacobian, ") && !strstr(text, "not jacobian") && e == 0,
       "-costate_vjp auto takes a Jacobian that is right");
  PetscCall(ZooResultFree(&r));
  PetscCall(Provider("-tend 3", PETSC_TRUE, &r, text, sizeof(text)));
  PetscCall(ZooDifference(r.gu, own.gu, &e));
  T_OK(e > 1e-2, "a wrong one gives a wrong gradient (%.1e)", (double)e);
  PetscCall(ZooResultFree(&r));
  PetscCall(Provider("-tend 3 -costate_vjp auto", PETSC_TRUE, &r, text, sizeof(text)));
  PetscCall(ZooDifference(r.gu, own.gu, &e));
  T_OK(strstr(text, "costate: -costate_vjp auto: G_u by " INSTEAD ", ") &&
           strstr(text, "not jacobian: its products differ from differences of the function by") &&
           strstr(text, "not shell: ") && strstr(text, "not user: ") && e < 1e-7,
       "auto passes over it, says so, and takes " INSTEAD " (%.1e)", (double)e);
  PetscCall(ZooResultFree(&r));
  PetscCall(ZooResultFree(&own));

  PetscCall(ZooOptions("-costate_vjp auto -costate_vjp_p auto -costate_vjp_few 1"));
  PetscCall(RodCreate(&rod, &cs));
  PetscCall(ZooListen());
  TRY(CostateSetUp(cs), err);
  refused = Everywhere(err, "-costate_vjp auto finds no provider of G_u");
  T_OK(refused && strstr(message, "not jacobian: ") && strstr(message, "not shell: ") &&
           strstr(message, "not user: ") && strstr(message, "not coloring: ") && strstr(message, "not fd: "),
       "where none serves there is an error that says of each why not");
  PetscCall(ZooHeardText(text, sizeof(text)));
  PetscCall(RodDestroy(&rod, &cs));
  PetscFunctionReturn(0);
}

int main(int argc, char **argv)
{
  PetscCall(ZooBegin(&argc, &argv, NRULES + 4 + 1 + 4));
  for (int i = 0; i < NRULES; i++) PetscCall(CheckRule(i));
  PetscCall(CheckAgain());
  PetscCall(CheckSteady());
  PetscCall(CheckProviders());
  PetscCall(ZooEnd());
  return zoo_rank == 0 ? done() : 0;
}
