/*
 * What GMP takes for the digits of fib(n): gmp N RUNS prints the nanoseconds of each run on a line, and then the digits.
 * cc -O2 -o gmp gmp.c -lgmp
 */
#include <gmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

int main(int argc, char **argv) {
    if (argc != 3) {
        fprintf(stderr, "usage: gmp N RUNS\n");
        return 2;
    }
    unsigned long n = strtoul(argv[1], NULL, 10);
    long runs = strtol(argv[2], NULL, 10);
    char *digits = NULL;
    for (long run = 0; run < runs; run++) {
        struct timespec start, end;
        mpz_t value;
        free(digits);
        clock_gettime(CLOCK_MONOTONIC, &start);
        mpz_init(value);
        mpz_fib_ui(value, n);
        digits = mpz_get_str(NULL, 10, value);
        mpz_clear(value);
        clock_gettime(CLOCK_MONOTONIC, &end);
        printf("%lld\n", (end.tv_sec - start.tv_sec) * 1000000000LL + (end.tv_nsec - start.tv_nsec));
    }
    printf("%s\n", digits == NULL ? "" : digits);
    free(digits);
    return 0;
}
