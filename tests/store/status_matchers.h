// Expectations on a Status that say what it was.
#pragma once

#include <gtest/gtest.h>

#include "tallystone/status.h"

#define EXPECT_OK(expression)                                \
  do {                                                       \
    const ::tallystone::Status ts_expected = (expression);   \
    EXPECT_TRUE(ts_expected.ok()) << ts_expected.ToString(); \
  } while (false)

#define ASSERT_OK(expression)                                \
  do {                                                       \
    const ::tallystone::Status ts_expected = (expression);   \
    ASSERT_TRUE(ts_expected.ok()) << ts_expected.ToString(); \
  } while (false)

#define EXPECT_CODE(expected_code, expression)                             \
  do {                                                                     \
    const ::tallystone::Status ts_expected = (expression);                 \
    EXPECT_EQ(::tallystone::StatusCode::expected_code, ts_expected.code()) \
        << ts_expected.ToString();                                         \
  } while (false)
