// Properties, checked with RapidCheck: each over a hundred cases or more, drawn from a seed, and
// where one fails it is made as small as can be. The seed is fixed, so that a test says the same
// today and tomorrow; RC_PARAMS="seed=7 max_success=10000" tries others, and what a failure prints
// as "reproduce" brings back that very case.
#pragma once

#include <doctest/doctest.h>
#include <rapidcheck.h>

// A property as a doctest assertion: its sentence and a lambda of what is drawn.
#define CHECK_PROPERTY(sentence, ...) CHECK(rc::check(sentence, __VA_ARGS__))
