#ifndef STUBS_H
#define STUBS_H
#include <stdbool.h>
#include <stdint.h>

/*@ requires \valid(sum);
    assigns *sum, \result \from a, b;
    ensures fits: INT64_MIN <= a + b <= INT64_MAX ==> \result == 0 && *sum == a + b;
    ensures overflows: !(INT64_MIN <= a + b <= INT64_MAX) ==> \result == 1; */
static bool add_overflow(int64_t a, int64_t b, int64_t *sum);
/*@ requires \valid(diff);
    assigns *diff, \result \from a, b;
    ensures fits: INT64_MIN <= a - b <= INT64_MAX ==> \result == 0 && *diff == a - b;
    ensures overflows: !(INT64_MIN <= a - b <= INT64_MAX) ==> \result == 1; */
static bool sub_overflow(int64_t a, int64_t b, int64_t *diff);
#define __builtin_add_overflow add_overflow
#define __builtin_sub_overflow sub_overflow
#include <stddef.h>
#include <string.h>
/*@ requires \valid(dst + (0 .. n - 1)) && \valid_read(src + (0 .. n - 1));
    requires \separated(dst + (0 .. n - 1), src + (0 .. n - 1));
    assigns dst[0 .. n - 1] \from src[0 .. n - 1];
    assigns \result \from dst;
    ensures \forall integer i; 0 <= i < n ==> dst[i] == \old(src[i]);
    ensures \result == dst; */
extern uint8_t *noon_memcpy(uint8_t *dst, const uint8_t *src, size_t n);
#define memcpy noon_memcpy
/*@ requires \valid(dst + (0 .. n - 1)) && 0 <= v <= 255;
    assigns dst[0 .. n - 1] \from v;
    assigns \result \from dst;
    ensures \forall integer i; 0 <= i < n ==> dst[i] == v;
    ensures \result == dst; */
extern uint8_t *noon_memset(uint8_t *dst, int v, size_t n);
#define memset noon_memset
#include <math.h>
/*@ assigns \nothing;
    ensures \result <==> \is_NaN(x); */
extern bool noon_isnan(double x);
#undef isnan
#define isnan noon_isnan
/*@ ensures \exists integer k; \result == k && x <= k < x + 1; */
extern double ceil(double x);
/*@ ensures \exists integer k; \result == k && x - 1 < k <= x; */
extern double floor(double x);
/*@ ensures \exists integer k; \result == k && x - 0.5 <= k <= x + 0.5; */
extern double round(double x);
/* Frama-C knows neither atomic types, of which nothing that is proved loads or stores any, nor
 * static assertions, which the compilers check. */
#include <stdatomic.h>
#define _Atomic
#define _Static_assert(...) struct model_static_assert

#endif
