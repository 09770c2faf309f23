/* SPDX-License-Identifier: Apache-2.0
 *
 * What the tests of recovery have in common: an engine, and up to four sources that are asked each
 * 16 s. To be included after <cmocka.h>.
 */
#ifndef TEST_RECOVERY_FIXTURE_H
#define TEST_RECOVERY_FIXTURE_H

#include "engine/engine.h"

#define THETA NOON_S(1000000) /* UTC - h at h = 0 */
#define WAY   NOON_US(100)    /* delay each way */

extern struct noon_engine e;
extern struct noon_actions out;
extern struct noon_engine_conf conf;
extern noon_dur at;	  /* the next round of exchanges */
extern noon_dur jump;	  /* of theta so far: what every honest source adds */
extern noon_dur apart;	  /* between the exchanges of two sources in a round */
extern noon_dur way[4];	  /* of each source, one way */
extern double rate;	  /* of theta from `at` on, beside it */
extern noon_dur lie[4];	  /* of each source beside that */
extern noon_dur claim[4]; /* error that each states */
extern bool silent[4];
extern bool authenticated;
extern unsigned sources;
extern unsigned seen[NOON_FINDING_KINDS];

/** The default configuration; start() takes what a test makes of it. */
int set_up(void **state);
/** Make the engine by `conf`, with n sources. */
void start(unsigned n);
/** Start, and run until the state is "ok". */
void settled(unsigned n);

noon_dur theta(void);
/** Count the findings in `out`, and empty it. */
void count(void);
/** One exchange of source i that leaves at h; the request and the reply take `one_way` each. */
void exchange(uint32_t i, noon_dur h, noon_dur one_way);
/** Let time pass: every source is asked each 16 s. */
void run(noon_dur span);

struct noon_reading now(void);
struct noon_recovery_report report(void);
/** UTC - C. */
noon_dur clock_error(void);
void assert_true_bound(void);
/** Fail unless the recovery is over, and the clock right. */
void assert_back(void);

#endif
