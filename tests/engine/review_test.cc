// Reviews: suggestions, and what people answer (laws L2, L4, L7, L11).
#include "tallystone/review.h"

#include <gtest/gtest.h>

#include "engine_support/engine_fixture.h"
#include "model/chunk.h"
#include "support/status_matchers.h"
#include "tallystone/transfer.h"

namespace tallystone::testing {
namespace {

constexpr const char* kFrame = "Wooden picture frame oak 20 cm";
constexpr const char* kLamp = "Small glass lamp with chain";

class ReviewTest : public ::testing::Test {
 protected:
  void SetUp() override { Open(); }
  void Open() {
    engine_.reset();
    ASSERT_OK(directory_.Open(QuietOptions(), &engine_, &faults_));
  }
  void Reopen() {
    ASSERT_OK(engine_->Close());
    Open();
  }
  void CloseSound() {
    ASSERT_OK(engine_->Close());
    EXPECT_NE(directory_.SoundDigest(), "");
  }

  LineResult Book(const std::string& batch_id, const std::string& description,
                  const std::string& vendor = "", std::string_view quantity = "1",
                  const std::string& vendor_code = "", MappingMode mapping = MappingMode::kAuto) {
    Batch batch("acme", batch_id);
    batch.AddText({.description = description,
                   .quantity = quantity,
                   .unit_cost = "2",
                   .vendor = vendor,
                   .vendor_code = vendor_code});
    BatchResult result;
    const Status status = engine_->Ingest({.mapping = mapping}, batch, &result);
    EXPECT_OK(status);
    return result.lines.empty() ? LineResult{} : result.lines.front();
  }
  // 30 lines of nearly the highest value; a balance has room for 42. Returns how many are booked.
  uint64_t BookHuge(const std::string& batch_id, const std::string& description,
                    const std::string& quantity = "999999999999") {
    Batch batch("acme", batch_id);
    for (int line = 0; line < 30; ++line) {
      batch.AddText(
          {.description = description, .quantity = quantity, .unit_cost = "999999999999"});
    }
    BatchResult result;
    EXPECT_OK(engine_->Ingest({.mapping = MappingMode::kAuto}, batch, &result));
    return result.items_processed;
  }
  std::string OnHand(uint32_t item) {
    Balance balance;
    return engine_->GetBalance({"acme", "", item}, &balance).ok() ? balance.on_hand.ToString()
                                                                  : "none";
  }
  std::vector<Review> Reviews() {
    std::vector<Review> all;
    std::unique_ptr<Cursor<Review>> cursor;
    EXPECT_OK(engine_->NewReviewCursor({}, &cursor));
    for (cursor->SeekToFirst(); cursor->Valid(); cursor->Next()) {
      all.push_back(cursor->value());
    }
    EXPECT_OK(cursor->status());
    return all;
  }

  EngineDirectory directory_;
  std::unique_ptr<Engine> engine_;
  FaultStore* faults_ = nullptr;
  ReviewResult answer_;
};

TEST_F(ReviewTest, ANewNameThatIsLikeAnotherAsksAndIsBooked) {
  Book("b1", kFrame);
  const LineResult line = Book("b2", "Wooden picture frame oak 20 cm set", "north");
  EXPECT_EQ(line.decided_by, DecidedBy::kReview);
  EXPECT_EQ(line.item, 2u);
  ASSERT_NE(line.match, nullptr);
  EXPECT_EQ(line.match->candidates.front().item, 1u);
  for (const bool reopened : {false, true}) {
    const std::vector<Review> reviews = Reviews();
    ASSERT_EQ(reviews.size(), 1u) << reopened;
    EXPECT_EQ(reviews[0].item, 2u);
    EXPECT_EQ(reviews[0].text, "Wooden picture frame oak 20 cm set");
    EXPECT_EQ(reviews[0].vendor, "north");
    EXPECT_EQ(reviews[0].status, ReviewStatus::kOpen);
    EXPECT_EQ(reviews[0].candidates, line.match->candidates);
    Reopen();
  }
  EXPECT_EQ(Book("b3", "Something else entirely").decided_by, DecidedBy::kCreated);
  CloseSound();
}

TEST_F(ReviewTest, ExactModeAsksNobody) {
  Book("b1", kFrame);
  const LineResult line =
      Book("b2", "Wooden picture frame oak 20 cm set", "", "1", "", MappingMode::kExact);
  EXPECT_EQ(line.decided_by, DecidedBy::kCreated);
  EXPECT_EQ(line.match, nullptr);
  EXPECT_TRUE(Reviews().empty());
}

TEST_F(ReviewTest, SuggestModeBooksNoMisspelledName) {
  Book("b1", kFrame);
  const std::string text = "Wooden pitcure frame oak 20 cm";
  EXPECT_EQ(Book("b2", text, "", "1", "", MappingMode::kSuggest).decided_by, DecidedBy::kReview);
  EXPECT_EQ(Book("b3", text, "", "1", "", MappingMode::kAuto).item, 2u) << "it is an alias now";
}

TEST_F(ReviewTest, AMisspelledNameIsRememberedForEveryMode) {
  Book("b1", kFrame);
  const std::string text = "Wooden pitcure frame oak 20 cm";
  const LineResult line = Book("b2", text);
  EXPECT_EQ(line.decided_by, DecidedBy::kFuzzy);
  EXPECT_EQ(line.item, 1u);
  EXPECT_GT(line.match->score, 0u);
  Reopen();
  const LineResult again = Book("b3", text, "", "1", "", MappingMode::kExact);
  EXPECT_EQ(again.decided_by, DecidedBy::kAlias);
  EXPECT_EQ(again.item, 1u);
  EXPECT_EQ(Book("b4", "Wooden pitcure frame oak 20 cm, wooden pitcure").item, 2u)
      << "its word is none of the catalogue's";
  EXPECT_EQ(OnHand(1), "3");
  CloseSound();
}

TEST_F(ReviewTest, WhatTheTenantHasCountsWhereTheBatchSaysNothing) {
  MappingSettings settings;
  EXPECT_CODE(kNotFound, engine_->GetMapping("acme", &settings));
  ASSERT_OK(engine_->SetMapping("acme", {.mode = MappingMode::kAuto, .protected_words = {"Lamp"}}));
  Book("b1", kFrame);
  Book("b1l", kLamp);
  Reopen();
  ASSERT_OK(engine_->GetMapping("acme", &settings));
  EXPECT_EQ(settings.mode, MappingMode::kAuto);
  EXPECT_EQ(settings.protected_words, std::vector<std::string>{"lamp"});
  const auto mode = MappingMode::kOfTenant;
  EXPECT_EQ(Book("b2", "Wooden pitcure frame oak 20 cm", "", "1", "", mode).decided_by,
            DecidedBy::kFuzzy);
  EXPECT_EQ(Book("b3", "Small glass lapm with chain", "", "1", "", mode).decided_by,
            DecidedBy::kReview)
      << "lamp is protected";
  EXPECT_CODE(kInvalidArgument, engine_->SetMapping("acme", {.mode = MappingMode::kOfTenant}));
  EXPECT_CODE(kInvalidArgument, engine_->SetMapping("acme", {.protected_words = {"two words"}}));
  CloseSound();
}

TEST_F(ReviewTest, AcceptMovesTheLinesOfTheVendorAndThoseToCome) {
  Book("b1", kFrame, "north", "10");
  const std::string text = "Wooden picture frame oak 20 cm set";
  Book("b2", text, "north", "3");
  Book("b3", text, "south", "4");
  Book("b4", text, "north", "2.5");
  ASSERT_OK(engine_->AcceptReview({.tenant = "acme", .item = 2, .is = 1}, &answer_));
  EXPECT_EQ(answer_.item, 1u);
  EXPECT_EQ(answer_.lines_moved, 2u);
  for (const bool reopened : {false, true}) {
    EXPECT_EQ(OnHand(1), "15.5") << reopened;
    EXPECT_EQ(OnHand(2), "4") << "south's stay";
    EXPECT_EQ(Reviews().at(0).status, ReviewStatus::kAccepted);
    Reopen();
  }
  EXPECT_EQ(Book("b5", text, "north").item, 1u);
  EXPECT_EQ(Book("b6", text, "south").item, 2u);
  EXPECT_EQ(Book("b7", text).item, 2u);
  BatchInfo info;
  ASSERT_OK(engine_->GetBatch("acme", answer_.batch, &info));
  EXPECT_EQ(info.lines, 4u);
  EXPECT_TRUE(info.finished);
  CloseSound();
}

TEST_F(ReviewTest, AnAnswerThatIsRepeatedChangesNothing) {
  Book("b1", kFrame, "north", "10");
  Book("b2", "Wooden picture frame oak 20 cm set", "north", "3");
  ASSERT_OK(engine_->AcceptReview({.tenant = "acme", .item = 2, .is = 1}, &answer_));
  const uint64_t lsn = engine_->stats().logged_lsn;
  ReviewResult again;
  ASSERT_OK(engine_->AcceptReview({.tenant = "acme", .item = 2, .is = 1}, &again));
  EXPECT_EQ(again.batch, answer_.batch);
  EXPECT_EQ(again.lines_moved, 1u);
  EXPECT_FALSE(answer_.said_before);
  EXPECT_TRUE(again.said_before);
  EXPECT_EQ(engine_->stats().logged_lsn, lsn);
  ASSERT_OK(engine_->SplitItem({.tenant = "acme", .item = 1, .batch = "b1"}, &answer_));
  ASSERT_OK(engine_->SplitItem({.tenant = "acme", .item = 1, .batch = "b1"}, &again));
  EXPECT_EQ(again.item, answer_.item);
  EXPECT_EQ(OnHand(1), "3");
  EXPECT_EQ(OnHand(again.item), "10");
  CloseSound();
}

// What was moved is on the first item, with what was booked there since: only a split knows which.
TEST_F(ReviewTest, AnotherAnswerIsRefusedUntilTheLinesWereSplitOff) {
  const std::string text = "Wooden picture frame oak 20 cm set";
  Book("b1", kFrame, "north", "10");
  Book("b2", text, "north", "3");
  ASSERT_EQ(Book("b3", kLamp, "north", "100").item, 3u);
  ASSERT_OK(engine_->AcceptReview({.tenant = "acme", .item = 2, .is = 1}, &answer_));
  ASSERT_EQ(Book("b4", text, "north", "4").item, 1u);
  for (const bool of_any_vendor : {false, true}) {
    const uint64_t lsn = engine_->stats().logged_lsn;
    const Status refused = engine_->AcceptReview(
        {.tenant = "acme", .item = 2, .is = 3, .of_any_vendor = of_any_vendor}, &answer_);
    EXPECT_TRUE(refused.Is(StatusCode::kConflict)) << refused.ToString();
    EXPECT_NE(refused.message().find("review split"), std::string::npos) << refused.message();
    EXPECT_EQ(engine_->stats().logged_lsn, lsn);
    EXPECT_EQ(OnHand(1), "17");
    EXPECT_EQ(OnHand(3), "100");
    Reopen();
  }
  // What the message names.
  ASSERT_OK(
      engine_->SplitItem({.tenant = "acme", .item = 1, .text = text, .vendor = "north"}, &answer_));
  ASSERT_EQ(answer_.item, 4u);
  ASSERT_OK(engine_->AcceptReview({.tenant = "acme", .item = 4, .is = 3}, &answer_));
  EXPECT_EQ(OnHand(1), "10");
  EXPECT_EQ(OnHand(2), "0");
  EXPECT_EQ(OnHand(3), "107");
  EXPECT_EQ(OnHand(4), "0");
  EXPECT_EQ(Book("b5", text, "north").item, 3u);
  CloseSound();
}

TEST_F(ReviewTest, TheSameAnswerForAnyVendorMovesTheRestOnly) {
  const std::string text = "Wooden picture frame oak 20 cm set";
  Book("b1", kFrame, "north", "10");
  Book("b2", text, "north", "3");
  Book("b3", text, "south", "4");
  ASSERT_OK(engine_->AcceptReview({.tenant = "acme", .item = 2, .is = 1}, &answer_));
  ASSERT_OK(engine_->AcceptReview({.tenant = "acme", .item = 2, .is = 1, .of_any_vendor = true},
                                  &answer_));
  EXPECT_EQ(OnHand(1), "17");
  EXPECT_EQ(OnHand(2), "0");
  EXPECT_EQ(Book("b4", text, "south").item, 1u);
  CloseSound();
}

// Item 1 was accepted as another one in between.
TEST_F(ReviewTest, AnAnswerThatIsRepeatedLaterChangesNothingEither) {
  const std::string text = "Wooden picture frame oak 20 cm set";
  Book("b1", kFrame, "north", "10");
  Book("b2", text, "north", "3");
  Book("b3", text + " with glass", "north", "5");
  ASSERT_OK(engine_->AcceptReview({.tenant = "acme", .item = 3, .is = 2}, &answer_));
  ASSERT_OK(engine_->AcceptReview({.tenant = "acme", .item = 2, .is = 1}, &answer_));
  const uint64_t lsn = engine_->stats().logged_lsn;
  ASSERT_OK(engine_->AcceptReview({.tenant = "acme", .item = 3, .is = 2}, &answer_));
  EXPECT_EQ(engine_->stats().logged_lsn, lsn);
  EXPECT_EQ(OnHand(1), "18");
  CloseSound();
}

TEST_F(ReviewTest, AcceptOfAnyVendorTakesAllAndTwiceTheSameCircleIsRefused) {
  Book("b1", kFrame, "north", "10");
  const std::string text = "Wooden picture frame oak 20 cm set";
  Book("b2", text, "north", "3");
  Book("b3", text, "south", "4");
  ASSERT_OK(engine_->AcceptReview({.tenant = "acme", .item = 2, .is = 1, .of_any_vendor = true},
                                  &answer_));
  EXPECT_EQ(OnHand(1), "17");
  EXPECT_EQ(OnHand(2), "0");
  EXPECT_EQ(Book("b4", "set: wooden picture frame oak 20cm", "west").item, 1u)
      << "other names of the one are names of the other";
  // A second item that would be the first, which is the second.
  Book("b5", "Wooden picture frame oak 20 cm set with glass", "north", "1");
  ASSERT_OK(engine_->AcceptReview({.tenant = "acme", .item = 3, .is = 2}, &answer_));
  EXPECT_EQ(answer_.item, 1u) << "what item 2 is";
  EXPECT_CODE(kNotFound, engine_->AcceptReview({.tenant = "acme", .item = 1, .is = 3}, &answer_));
  CloseSound();
}

TEST_F(ReviewTest, AnAcceptedNameIsNotAmbiguousWhereAnotherItemIsCalledSoToo) {
  const std::string text = "Wooden picture frame oak 20 cm set";
  Book("b1", kFrame);
  ASSERT_EQ(Book("b2", text).item, 2u);
  Batch coded("acme", "b3");
  coded.AddText({.code = "S1", .description = text, .quantity = "5", .unit_cost = "2"});
  BatchResult result;
  ASSERT_OK(engine_->Ingest({}, coded, &result));
  ASSERT_EQ(Book("b4", text).outcome, Outcome::kAmbiguousItem);
  ASSERT_OK(engine_->AcceptReview({.tenant = "acme", .item = 2, .is = 3, .of_any_vendor = true},
                                  &answer_));
  for (const char* batch : {"b5", "b6"}) {
    const LineResult line = Book(batch, text);
    EXPECT_EQ(line.outcome, Outcome::kAccepted);
    EXPECT_EQ(line.item, 3u);
    Reopen();
  }
  EXPECT_EQ(OnHand(3), "8");
  CloseSound();
}

TEST_F(ReviewTest, RejectedPairsAreNeverSuggestedAgain) {
  Book("b1", kFrame);
  const std::string text = "Wooden picture frame oak 20 cm set";
  Book("b2", text, "north");
  ASSERT_OK(engine_->RejectReview({.tenant = "acme", .item = 2}, &answer_));
  EXPECT_EQ(Reviews().at(0).status, ReviewStatus::kRejected);
  EXPECT_TRUE(Reviews().at(0).candidates.empty());
  Reopen();
  EXPECT_EQ(Book("b3", text, "north").item, 2u);
  // A rejected misspelling is not booked either.
  const std::string wrong = "Wooden pitcure frame oak 20 cm";
  EXPECT_EQ(Book("b4", wrong, "", "1", "", MappingMode::kSuggest).decided_by, DecidedBy::kReview);
  ASSERT_OK(engine_->RejectReview({.tenant = "acme", .item = 3, .is_not = {1}}, &answer_));
  EXPECT_EQ(Book("b5", wrong).item, 3u);
  CloseSound();
}

TEST_F(ReviewTest, SplitTakesTheLinesOfANameAndThoseToCome) {
  Book("b1", kFrame, "north", "10", "N-1");
  const std::string wrong = "Wooden pitcure frame oak 20 cm";
  ASSERT_EQ(Book("b2", wrong, "north", "3", "N-2").item, 1u);
  ASSERT_EQ(Book("b3", wrong, "south", "4").item, 1u);
  ASSERT_OK(engine_->SplitItem({.tenant = "acme", .item = 1, .text = wrong}, &answer_));
  EXPECT_EQ(answer_.item, 2u);
  EXPECT_EQ(answer_.lines_moved, 2u);
  Reopen();
  EXPECT_EQ(OnHand(1), "10");
  EXPECT_EQ(OnHand(2), "7");
  EXPECT_EQ(Book("b4", wrong, "west").item, 2u);
  EXPECT_EQ(Book("b5", "whatever", "north", "1", "N-2").item, 2u) << "its vendor code goes along";
  EXPECT_EQ(Book("b6", "whatever else", "north", "1", "N-1").item, 1u);
  // And back.
  ASSERT_OK(engine_->AcceptReview({.tenant = "acme", .item = 2, .is = 1, .of_any_vendor = true},
                                  &answer_));
  EXPECT_EQ(OnHand(2), "0");
  EXPECT_EQ(Book("b7", wrong, "west").item, 1u);
  CloseSound();
}

// What a person said of one vendor stands before what was said of any (rule 4 of the mapper).
TEST_F(ReviewTest, SplitOfANameOfAnyVendorIsOfThoseThatHadAWordOfTheirOwn) {
  const std::string text = "Wooden picture frame oak 20 cm set";
  Book("b1", kFrame, "north", "10");
  Book("b2", text, "north", "3");
  Book("b3", text, "south", "4");
  ASSERT_OK(engine_->AcceptReview({.tenant = "acme", .item = 2, .is = 1}, &answer_));
  ASSERT_OK(engine_->AcceptReview({.tenant = "acme", .item = 2, .is = 1, .of_any_vendor = true},
                                  &answer_));
  ASSERT_OK(engine_->SplitItem({.tenant = "acme", .item = 1, .text = text}, &answer_));
  EXPECT_EQ(OnHand(answer_.item), "7");
  for (const char* batch : {"b4", "b5"}) {
    EXPECT_EQ(Book(std::string(batch) + "n", text, "north").item, answer_.item);
    EXPECT_EQ(Book(std::string(batch) + "s", text, "south").item, answer_.item);
    Reopen();
  }
  EXPECT_EQ(OnHand(1), "10");
  CloseSound();
}

TEST_F(ReviewTest, SplitOfWhatNoLineHasIsRefusedAndChangesNothing) {
  Book("b1", kFrame, "north", "10");
  const uint64_t lsn = engine_->stats().logged_lsn;
  for (const SplitRequest& request :
       {SplitRequest{.tenant = "acme", .item = 1, .text = "Wodden frame"},
        SplitRequest{.tenant = "acme", .item = 1, .batch = "b2"},
        SplitRequest{.tenant = "acme", .item = 1, .text = kFrame, .batch = "b2"}}) {
    const Status refused = engine_->SplitItem(request, &answer_);
    EXPECT_CODE(kNotFound, refused);
    EXPECT_NE(refused.message().find("nothing was changed"), std::string::npos);
  }
  EXPECT_EQ(engine_->stats().logged_lsn, lsn);
  ItemInfo made;
  EXPECT_CODE(kNotFound, engine_->GetItem({"acme", "", 2}, &made));
  CloseSound();
}

TEST_F(ReviewTest, SplitOfOneBatchLeavesTheNameWhereItIs) {
  Book("b1", kFrame, "", "10");
  Book("b2", kFrame, "", "5");
  ASSERT_OK(engine_->SplitItem({.tenant = "acme", .item = 1, .batch = "b2"}, &answer_));
  EXPECT_EQ(OnHand(1), "10");
  EXPECT_EQ(OnHand(2), "5");
  EXPECT_EQ(Book("b3", kFrame).item, 1u);
  CloseSound();
}

TEST_F(ReviewTest, WhatCannotBeMeantIsRefusedAndChangesNothing) {
  Book("b1", kFrame);
  Book("b2", "Wooden picture frame oak 20 cm set");
  const uint64_t lsn = engine_->stats().logged_lsn;
  EXPECT_CODE(kNotFound, engine_->AcceptReview({.tenant = "nobody", .item = 2, .is = 1}, &answer_));
  EXPECT_CODE(kNotFound, engine_->AcceptReview({.tenant = "acme", .item = 2, .is = 9}, &answer_));
  EXPECT_CODE(kNotFound, engine_->AcceptReview({.tenant = "acme", .item = 1, .is = 2}, &answer_));
  EXPECT_CODE(kInvalidArgument,
              engine_->AcceptReview({.tenant = "acme", .item = 2, .is = 2}, &answer_));
  EXPECT_CODE(kNotFound, engine_->RejectReview({.tenant = "acme", .item = 1}, &answer_));
  EXPECT_CODE(kInvalidArgument,
              engine_->RejectReview({.tenant = "acme", .item = 2, .is_not = {7}}, &answer_));
  EXPECT_CODE(kInvalidArgument, engine_->SplitItem({.tenant = "acme", .item = 1}, &answer_));
  EXPECT_CODE(kNotFound, engine_->SplitItem({.tenant = "acme", .item = 5, .text = "x"}, &answer_));
  EXPECT_EQ(engine_->stats().logged_lsn, lsn);
  CloseSound();
}

TEST_F(ReviewTest, MoreLinesThanAChunkMoveExactly) {
  Batch batch("acme", "many");
  for (int line = 0; line < 1'237; ++line) {
    batch.AddText({.description = "Oak table", .quantity = "0.001", .unit_cost = "3.33"});
  }
  BatchResult result;
  ASSERT_OK(engine_->Ingest({}, batch, &result));
  ASSERT_OK(engine_->SplitItem({.tenant = "acme", .item = 1, .text = "OAK TABLE"}, &answer_));
  EXPECT_EQ(answer_.lines_moved, 1'237u);
  EXPECT_EQ(OnHand(1), "0");
  EXPECT_EQ(OnHand(2), "1.237");
  Balance balance;
  ASSERT_OK(engine_->GetBalance({"acme", "", 2}, &balance));
  EXPECT_EQ(balance.value.ToString(), "4.11921");
  CloseSound();
}

TEST_F(ReviewTest, ALineThatTheStoreRefusedIsNotMoved) {
  Book("b0", kLamp);
  faults_->RefuseKey({1, 2});
  Book("b1", kFrame, "", "10");
  ASSERT_OK(engine_->SplitItem({.tenant = "acme", .item = 2, .text = kFrame}, &answer_));
  EXPECT_EQ(answer_.lines_moved, 0u) << "it is a dead letter";
  EXPECT_EQ(OnHand(2), "none");
  EXPECT_EQ(OnHand(3), "none");
  CloseSound();
}

TEST_F(ReviewTest, ARefusedHalfOfAMoveIsRetriedOnItsOwnItem) {
  Book("b0", kLamp);
  Book("b1", kFrame, "", "10");
  ASSERT_OK(engine_->Flush());
  faults_->RefuseKey({1, 2});
  ASSERT_OK(engine_->SplitItem({.tenant = "acme", .item = 2, .text = kFrame}, &answer_));
  ASSERT_OK(engine_->Flush());
  EXPECT_EQ(OnHand(2), "10") << "what was to be taken from it is a dead letter";
  EXPECT_EQ(OnHand(3), "10");
  faults_->AllowAllKeys();
  Reopen();
  LineResult again;
  ASSERT_OK(engine_->RetryDeadLetter({}, {"acme", answer_.batch, 1}, nullptr, &again));
  EXPECT_EQ(again.outcome, Outcome::kAccepted);
  EXPECT_EQ(again.item, 2u) << "its name is that of item 3 by now";
  EXPECT_EQ(OnHand(2), "0");
  EXPECT_EQ(OnHand(3), "10");
  CloseSound();
}

TEST_F(ReviewTest, AHalfOfAMoveIsNeitherCorrectedNorMappedAgain) {
  Book("b0", kLamp);
  Book("b1", kFrame, "", "10");
  ASSERT_OK(engine_->Flush());
  faults_->RefuseKey({1, 2});
  ASSERT_OK(engine_->SplitItem({.tenant = "acme", .item = 2, .text = kFrame}, &answer_));
  ASSERT_OK(engine_->Flush());
  faults_->AllowAllKeys();
  Reopen();
  const DeadLetterKey key{"acme", answer_.batch, 1};
  const uint64_t lsn = engine_->stats().logged_lsn;
  for (const char* quantity : {"-10", "wrong"}) {
    const TextLine corrected{
        .description = kFrame, .quantity = quantity, .unit_cost = "2", .vendor = "north"};
    LineResult again;
    const Status refused = engine_->RetryDeadLetter({}, key, &corrected, &again);
    EXPECT_TRUE(refused.Is(StatusCode::kInvalidArgument)) << refused.ToString();
    EXPECT_NE(refused.message().find("half of a move"), std::string::npos) << refused.message();
  }
  EXPECT_EQ(engine_->stats().logged_lsn, lsn);
  ASSERT_OK(engine_->Close());
  {
    // What a dry run says is what the retry does.
    std::unique_ptr<Inspector> inspector;
    ASSERT_OK(Inspector::Open({}, directory_.database(), &inspector));
    LineResult preview;
    ASSERT_OK(inspector->PreviewRetry({}, key, nullptr, &preview));
    EXPECT_EQ(preview.line, 1u);
    EXPECT_EQ(preview.outcome, Outcome::kAccepted);
    EXPECT_EQ(preview.decided_by, DecidedBy::kMoved);
    EXPECT_EQ(preview.item, 2u);
    const TextLine corrected{.description = kFrame, .quantity = "-10", .unit_cost = "2"};
    EXPECT_CODE(kInvalidArgument, inspector->PreviewRetry({}, key, &corrected, &preview));
    EXPECT_CODE(kNotFound,
                inspector->PreviewRetry({}, {"acme", answer_.batch, 2}, nullptr, &preview));
  }
  Open();
  LineResult again;
  ASSERT_OK(engine_->RetryDeadLetter({}, key, nullptr, &again));
  EXPECT_EQ(again.item, 2u);
  EXPECT_EQ(OnHand(2), "0");
  EXPECT_EQ(OnHand(3), "10");
  CloseSound();
}

// Earlier versions took the correction, and the letter that it made has another cause and other
// words: here the last block is one of theirs.
TEST_F(ReviewTest, AHalfThatWasCorrectedBeforeIsStillAHalf) {
  Book("b0", kLamp);
  Book("b1", kFrame, "", "10");
  ASSERT_OK(engine_->Flush());
  faults_->RefuseKey({1, 2});
  ASSERT_OK(engine_->SplitItem({.tenant = "acme", .item = 2, .text = kFrame}, &answer_));
  ASSERT_OK(engine_->Flush());
  Book("b2", kFrame, "", "wrong");
  const TextLine corrected{.description = kFrame, .quantity = "wrong too", .unit_cost = "2"};
  LineResult again;
  ASSERT_OK(engine_->RetryDeadLetter({}, {"acme", "b2", 1}, &corrected, &again));
  ASSERT_OK(engine_->Close());
  const std::string copy = directory_.database() + ".copy";
  {
    std::unique_ptr<Inspector> inspector;
    std::unique_ptr<Cursor<TransferBlock>> blocks;
    std::unique_ptr<DatabaseBuilder> builder;
    ASSERT_OK(Inspector::Open({}, directory_.database(), &inspector));
    ASSERT_OK(inspector->NewBlockCursor(&blocks));
    ASSERT_OK(DatabaseBuilder::Create({}, copy, &builder));
    for (blocks->SeekToFirst(); blocks->Valid(); blocks->Next()) {
      TransferBlock block = blocks->value();
      const std::string payload = block.payload;
      Chunk chunk;
      ASSERT_OK(DecodeChunk(payload, &chunk));
      if (block.lsn == inspector->as_of_lsn()) {
        ASSERT_NE(chunk.header.flags & kChunkRetry, 0);
        chunk.header.batch = answer_.batch;
        block.payload.clear();
        EncodeChunk(chunk, &block.payload);
      }
      ASSERT_OK(builder->Add(block));
    }
    VerifyReport report;
    ASSERT_OK(builder->Finish("", nullptr, &report));
  }
  ASSERT_OK(Engine::Open(QuietOptions(), copy, &engine_));
  const DeadLetterKey key{"acme", answer_.batch, 1};
  DeadLetter letter;
  ASSERT_OK(engine_->GetDeadLetter(key, &letter));
  ASSERT_EQ(letter.cause, Outcome::kBadQuantity);
  EXPECT_CODE(kInvalidArgument, engine_->RetryDeadLetter({}, key, &corrected, &again));
  ASSERT_OK(engine_->RetryDeadLetter({}, key, nullptr, &again));
  EXPECT_EQ(again.outcome, Outcome::kAccepted);
  EXPECT_EQ(again.decided_by, DecidedBy::kMoved);
  EXPECT_EQ(again.item, 2u);
  EXPECT_EQ(OnHand(2), "0");
  ASSERT_OK(engine_->Close());
}

TEST_F(ReviewTest, AMoveThatWouldOverflowABalanceIsRefusedWhole) {
  const std::string text = "Wooden picture frame oak 20 cm set";
  EXPECT_EQ(BookHuge("b1", kFrame), 30u);
  EXPECT_EQ(BookHuge("b2", text), 30u);
  const Status refused = engine_->AcceptReview({.tenant = "acme", .item = 2, .is = 1}, &answer_);
  EXPECT_TRUE(refused.Is(StatusCode::kRejected)) << refused.ToString();
  EXPECT_NE(OnHand(2), "0");
  // It may be answered otherwise, and its lines to come stay on it.
  EXPECT_EQ(Reviews().at(0).status, ReviewStatus::kOpen);
  EXPECT_EQ(Book("b3", text).item, 2u);
  ASSERT_OK(engine_->RejectReview({.tenant = "acme", .item = 2}, &answer_));
  Reopen();
  EXPECT_EQ(Reviews().at(0).status, ReviewStatus::kRejected);
  CloseSound();
}

// Neither what was answered nor what was learned before is lost by it.
TEST_F(ReviewTest, AMoveThatIsRefusedChangesNothing) {
  const std::string text = "Wooden picture frame oak 20 cm set";
  const std::string wrong = "Wooden pitcure frame oak 20 cm";
  EXPECT_EQ(BookHuge("b1", kFrame), 30u);
  EXPECT_EQ(BookHuge("b2", text), 30u);
  ASSERT_OK(engine_->RejectReview({.tenant = "acme", .item = 2}, &answer_));
  // Item 1: +30, -30, +30 of a sum that has room for 42.
  EXPECT_EQ(BookHuge("b3", wrong, "-999999999999"), 30u);
  EXPECT_EQ(BookHuge("b4", kFrame), 30u);
  ASSERT_EQ(Book("b5", wrong, "", "1", "", MappingMode::kExact).item, 1u);
  const uint64_t lsn = engine_->stats().logged_lsn;
  EXPECT_CODE(kRejected, engine_->AcceptReview({.tenant = "acme", .item = 2, .is = 1}, &answer_));
  EXPECT_CODE(kRejected,
              engine_->SplitItem({.tenant = "acme", .item = 1, .text = wrong}, &answer_));
  EXPECT_EQ(engine_->stats().logged_lsn, lsn);
  for (const bool reopened : {false, true}) {
    ASSERT_EQ(Reviews().size(), 1u) << reopened;
    EXPECT_EQ(Reviews().at(0).status, ReviewStatus::kRejected) << reopened;
    EXPECT_EQ(Book(reopened ? "b7" : "b6", wrong, "", "1", "", MappingMode::kExact).item, 1u);
    Reopen();
  }
  CloseSound();
}

TEST_F(ReviewTest, AnswersThatWouldGoInACircleAreRefused) {
  Book("b1", kFrame, "north");
  Book("b2", "Wooden picture frame oak 20 cm set", "north");
  Book("b3", "Wooden picture frame oak 20 cm set with glass", "north");
  ASSERT_EQ(Reviews().size(), 2u);
  ASSERT_OK(engine_->AcceptReview({.tenant = "acme", .item = 3, .is = 2}, &answer_));
  const uint64_t lsn = engine_->stats().logged_lsn;
  EXPECT_CODE(kInvalidArgument,
              engine_->AcceptReview({.tenant = "acme", .item = 2, .is = 3, .of_any_vendor = true},
                                    &answer_));
  EXPECT_EQ(engine_->stats().logged_lsn, lsn);
  ASSERT_OK(engine_->AcceptReview({.tenant = "acme", .item = 2, .is = 1}, &answer_));
  EXPECT_EQ(OnHand(1), "3");
  CloseSound();
}

TEST_F(ReviewTest, NoBatchCanPassForAnAnswer) {
  for (const std::string id : {"review/accept/2/1", "mapping/1"}) {
    Batch batch("acme", id);
    batch.AddText({.description = kFrame, .quantity = "1", .unit_cost = "1"});
    BatchResult result;
    EXPECT_CODE(kInvalidArgument, engine_->Ingest({}, batch, &result));
    std::unique_ptr<BatchWriter> writer;
    EXPECT_CODE(kInvalidArgument, engine_->NewBatchWriter({}, "acme", id, &writer));
  }
  EXPECT_EQ(engine_->stats().logged_lsn, 0u);
  CloseSound();
}

// The words of a split name are as good as those of any other: a name that has them is not a
// misspelled one of the item that they were split from.
TEST_F(ReviewTest, TheNameOfASplitItemIsNoTypingErrorAnyMore) {
  Book("b1", kFrame);
  const std::string wrong = "Wooden pitcure frame oak 20 cm";
  ASSERT_EQ(Book("b2", wrong).item, 1u);
  ASSERT_OK(engine_->SplitItem({.tenant = "acme", .item = 1, .text = wrong}, &answer_));
  for (const bool reopened : {false, true}) {
    const LineResult line = Book(reopened ? "b4" : "b3", "20 cm wooden oak pitcure frame");
    EXPECT_NE(line.item, 1u) << reopened;
    Reopen();
  }
  CloseSound();
}

TEST_F(ReviewTest, ARefusedBatchTakesItsNamesAndAliasesBack) {
  Book("b1", kFrame);
  const std::string wrong = "Wooden pitcure frame oak 20 cm";
  Batch batch("acme", "refused");
  batch.AddText(
      {.description = "candle glass holder candle for candle", .quantity = "1", .unit_cost = "2"});
  batch.AddText({.description = wrong, .quantity = "1", .unit_cost = "2"});
  batch.AddText({.description = "no quantity", .quantity = "x", .unit_cost = "2"});
  BatchResult result;
  EXPECT_FALSE(
      engine_
          ->Ingest({.mapping = MappingMode::kAuto, .bad_lines = BadLinePolicy::kRejectBatch}, batch,
                   &result)
          .ok());
  EXPECT_TRUE(Reviews().empty());
  EXPECT_EQ(Book("b2", wrong, "", "1", "", MappingMode::kExact).item, 2u) << "no alias was left";
  const LineResult line = Book("b3", "candle glass holder candle for cnadle");
  EXPECT_EQ(line.decided_by, DecidedBy::kCreated) << "nothing is like it";
  EXPECT_EQ(line.item, 3u);
  CloseSound();
}

TEST_F(ReviewTest, WhatOneVendorSaysIsNotTakenForAnothers) {
  Book("b1", kFrame, "north");
  const std::string text = "Wooden picture frame oak 20 cm set";
  Book("b2", text, "north");
  ASSERT_OK(engine_->AcceptReview({.tenant = "acme", .item = 2, .is = 1}, &answer_));
  const std::string wrong = "Wooden pitcure frame oak 20 cm set";
  EXPECT_EQ(Book("b3", wrong, "south").item, 2u) << "north alone says item 1 by it";
  EXPECT_EQ(Book("b4", text, "north").item, 1u);
  EXPECT_EQ(Book("b5", text, "south").item, 2u);
  CloseSound();
}

TEST_F(ReviewTest, VendorsOwnCodesMapBeforeGtinsAndNames) {
  EXPECT_EQ(Book("b1", kFrame, "north", "1", "N-1").item, 1u);
  EXPECT_EQ(Book("b2", "A name of another thing", "north", "1", "N-1").decided_by,
            DecidedBy::kVendorCode);
  EXPECT_EQ(Book("b3", kLamp, "south", "1", "N-1").item, 2u) << "another vendor's code";
  Reopen();
  EXPECT_EQ(Book("b4", "", "north", "1", "N-1").item, 1u) << "the code alone";
  EXPECT_EQ(Book("b5", "", "south", "1", "N-1").item, 2u);
  EXPECT_EQ(Book("b6", "", "north", "1", "NEW").decided_by, DecidedBy::kCreated);
  EXPECT_EQ(Book("b7", "", "north", "1", "NEW").item, 3u);
  std::unique_ptr<Cursor<Transaction>> cursor;
  ASSERT_OK(engine_->NewTransactionCursor({}, &cursor));
  cursor->SeekToFirst();
  ASSERT_TRUE(cursor->Valid());
  EXPECT_EQ(cursor->value().vendor_code, "N-1");
  cursor.reset();
  CloseSound();
}

}  // namespace
}  // namespace tallystone::testing
