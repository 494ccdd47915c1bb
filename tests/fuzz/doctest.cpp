// Some of the tests' support asks doctest; in a fuzzer nobody runs its cases.
#define DOCTEST_CONFIG_IMPLEMENT
#include <doctest/doctest.h>
