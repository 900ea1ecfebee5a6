// A process that is killed with the library preloaded leaves what it had synced, and nothing that a
// disk could not have kept.

#include <csignal>
#include <fcntl.h>
#include <filesystem>
#include <fstream>
#include <functional>
#include <map>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <gtest/gtest.h>

#include "analysis/live/child_process.h"
#include "analysis/live/forgetful/preloadable.h"
#include "analysis/live/forgetful/rollback.h"
#include "analysis/live/forgetful/undo_journal.h"

namespace govchain::analysis::live::forgetful {
namespace {

namespace fs = std::filesystem;
using consensus::Duration;

constexpr const char* kScriptVariable = "GOVCHAIN_FORGETFUL_SCRIPT";
constexpr int kAll = O_RDWR | O_CREAT | O_CLOEXEC;

int open_file(const std::string& path, int flags = kAll) {
  const int file = ::open(path.c_str(), flags, S_IRUSR | S_IWUSR);
  EXPECT_GE(file, 0) << path;
  return file;
}
void write_at(int file, off_t offset, const std::string& text) {
  EXPECT_EQ(::pwrite(file, text.data(), text.size(), offset), static_cast<ssize_t>(text.size()));
}
void sync_folder(const std::string& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  EXPECT_EQ(::fsync(folder), 0);
  ::close(folder);
}
// A durable file to begin with.
int durable(const std::string& folder, const std::string& name, const std::string& text) {
  const int file = open_file(folder + "/" + name);
  write_at(file, 0, text);
  EXPECT_EQ(::fdatasync(file), 0);
  sync_folder(folder);
  return file;
}

// What the child does before it is killed.
const std::map<std::string, std::function<void(const std::string&)>>& scripts() {
  static const std::map<std::string, std::function<void(const std::string&)>> kScripts = {
      {"overwrite",
       [](const std::string& folder) {
         const int file = durable(folder, "log", "durable text");
         write_at(file, 0, "DURABLE");
         write_at(file, 8, "and a longer end");
       }},
      {"synced",
       [](const std::string& folder) {
         const int file = durable(folder, "log", "durable text");
         write_at(file, 0, "DURABLE");
         EXPECT_EQ(::fsync(file), 0);
       }},
      {"truncate",
       [](const std::string& folder) {
         const int file = durable(folder, "log", "durable text");
         EXPECT_EQ(::ftruncate(file, 3), 0);
         ::close(open_file(folder + "/log", kAll | O_TRUNC));
       }},
      {"reserve",
       [](const std::string& folder) {
         const int file = durable(folder, "log", "durable text");
         EXPECT_EQ(::posix_fallocate(file, 0, 100'000), 0);
       }},
      {"names",
       [](const std::string& folder) {
         ::close(durable(folder, "old", "old text"));
         ::close(durable(folder, "gone", "gone text"));
         const int file = open_file(folder + "/new");
         write_at(file, 0, "new text");
         EXPECT_EQ(::fdatasync(file), 0);
         EXPECT_EQ(::rename((folder + "/new").c_str(), (folder + "/old").c_str()), 0);
         EXPECT_EQ(::unlink((folder + "/gone").c_str()), 0);
         ::close(open_file(folder + "/made"));
       }},
      {"names synced",
       [](const std::string& folder) {
         ::close(durable(folder, "old", "old text"));
         ::close(durable(folder, "gone", "gone text"));
         const int file = open_file(folder + "/new");
         write_at(file, 0, "new text");
         EXPECT_EQ(::fdatasync(file), 0);
         EXPECT_EQ(::rename((folder + "/new").c_str(), (folder + "//old").c_str()), 0);
         EXPECT_EQ(::unlink((folder + "/gone").c_str()), 0);
         sync_folder(folder);
       }},
      {"pages",
       [](const std::string& folder) {
         const int file = durable(folder, "log", std::string(200 * 4'096, 'a'));
         write_at(file, 0, std::string(200 * 4'096, 'b'));
       }},
      {"memory",
       [](const std::string& folder) {
         const int file = durable(folder, "log", "durable text");
         void* const room = ::mmap(nullptr, 12, PROT_READ | PROT_WRITE, MAP_SHARED, file, 0);
         write_at(file, 0, room == MAP_FAILED ? "refused" : "allowed");
         EXPECT_EQ(::fsync(file), 0);
       }},
  };
  return kScripts;
}

// Not a test: what the tests below run in a process of its own.
TEST(ForgetfulChild, DISABLED_Runs) {
  const char* const name = std::getenv(kScriptVariable);
  ASSERT_NE(name, nullptr);
  scripts().at(name)(std::getenv(kDataVariable));
  ASSERT_FALSE(testing::Test::HasFailure());
  ::raise(SIGKILL);
}

class Forgetful : public testing::Test {
 protected:
  void SetUp() override {
    folder_ = fs::temp_directory_path() / ("forgetful-" + std::to_string(::getpid()));
    fs::remove_all(folder_);
    fs::create_directories(folder_ / "data");
    fs::create_directories(folder_ / "undo");
  }
  void TearDown() override { fs::remove_all(folder_); }

  void run(const std::string& script, bool swallows = false) {
    const auto library = preloadable(GOVCHAIN_FORGETFUL, folder_.string());
    ASSERT_TRUE(library.ok()) << library.error().message;
    ChildRequest request;
    request.arguments = {fs::read_symlink("/proc/self/exe").string(),
                         "--gtest_filter=ForgetfulChild.*", "--gtest_also_run_disabled_tests"};
    request.environment = {{"LD_PRELOAD", *library},
                           {kDataVariable, (folder_ / "data").string()},
                           {kUndoVariable, (folder_ / "undo").string()},
                           {kScriptVariable, script}};
    if (swallows) std::ofstream(folder_ / "undo" / kSwallowName).flush();
    request.log = (folder_ / "child.log").string();
    auto child = ChildProcess::start(request);
    ASSERT_TRUE(child.ok());
    ASSERT_TRUE(child->wait(Duration::seconds(60)));
    ASSERT_TRUE(WIFSIGNALED(*child->ended())) << describe_end(*child->ended());
  }

  Forgotten roll_back_with(uint64_t seed) {
    sim::RandomStream random(seed, sim::RandomPurpose::kTest, 0);
    const auto forgotten = roll_back((folder_ / "undo").string(), random);
    EXPECT_TRUE(forgotten.ok()) << forgotten.error().message;
    EXPECT_TRUE(fs::is_empty(folder_ / "undo"));
    return *forgotten;
  }
  // A seed whose draw loses everything, or not.
  static uint64_t seed_that(bool loses_all) {
    for (uint64_t seed = 0;; ++seed) {
      sim::RandomStream random(seed, sim::RandomPurpose::kTest, 0);
      if (random.chance(0.5) == loses_all) return seed;
    }
  }

  [[nodiscard]] std::string text(const std::string& name) const {
    std::ifstream file(folder_ / "data" / name, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
  }
  [[nodiscard]] bool is_there(const std::string& name) const {
    return fs::exists(folder_ / "data" / name);
  }

  fs::path folder_;
};

TEST_F(Forgetful, BytesThatWereNotSyncedAreGone) {
  run("overwrite");
  EXPECT_EQ(text("log"), "DURABLE and a longer end");
  roll_back_with(seed_that(true));
  EXPECT_EQ(text("log"), "durable text");
}

TEST_F(Forgetful, BytesThatWereSyncedStay) {
  run("synced");
  const Forgotten forgotten = roll_back_with(seed_that(true));
  EXPECT_EQ(text("log"), "DURABLE text");
  EXPECT_EQ(forgotten.writes, 0U);
}

TEST_F(Forgetful, BytesThatWereSyncedAreGoneIfSyncsAreSwallowed) {
  run("synced", true);
  roll_back_with(seed_that(true));
  EXPECT_FALSE(is_there("log"));
}

TEST_F(Forgetful, WhatWasCutOffComesBack) {
  run("truncate");
  EXPECT_EQ(text("log"), "");
  roll_back_with(seed_that(true));
  EXPECT_EQ(text("log"), "durable text");
}

TEST_F(Forgetful, RoomThatWasReservedIsGone) {
  run("reserve");
  EXPECT_EQ(text("log").size(), 100'000U);
  roll_back_with(seed_that(true));
  EXPECT_EQ(text("log"), "durable text");
}

TEST_F(Forgetful, NamesAreAsTheyWereWhenTheirFolderWasSynced) {
  run("names");
  EXPECT_EQ(text("old"), "new text");
  const Forgotten forgotten = roll_back_with(seed_that(true));
  EXPECT_EQ(text("old"), "old text");
  EXPECT_EQ(text("gone"), "gone text");
  EXPECT_FALSE(is_there("new"));
  EXPECT_FALSE(is_there("made"));
  EXPECT_EQ(forgotten.lost_names, forgotten.names);
}

TEST_F(Forgetful, NamesStayOnceTheirFolderWasSynced) {
  run("names synced");
  roll_back_with(seed_that(true));
  EXPECT_EQ(text("old"), "new text");
  EXPECT_FALSE(is_there("gone"));
  EXPECT_FALSE(is_there("new"));
}

TEST_F(Forgetful, SomePagesMaySurviveAndEachIsWhole) {
  run("pages");
  const Forgotten forgotten = roll_back_with(seed_that(false));
  EXPECT_GT(forgotten.kept_pages, 50U);
  EXPECT_GT(forgotten.lost_pages, 50U);
  const std::string found = text("log");
  uint64_t kept = 0;
  for (size_t page = 0; page < 200; ++page) {
    const std::string one = found.substr(page * 4'096, 4'096);
    const bool is_new = one == std::string(4'096, 'b');
    EXPECT_TRUE(is_new || one == std::string(4'096, 'a')) << page;
    kept += is_new ? 1 : 0;
  }
  EXPECT_EQ(kept, forgotten.kept_pages);
}

TEST_F(Forgetful, FilesCannotBeWrittenThroughMemory) {
  run("memory");
  EXPECT_EQ(text("log"), "refused text");
}

TEST(Preloadable, ALibraryInAPathWithASpaceIsLoadedByWayOfALink) {
  const fs::path folder = fs::temp_directory_path() / ("preload-" + std::to_string(::getpid()));
  const fs::path odd = folder / "a library: here";
  fs::create_directories(odd);
  std::ofstream(odd / "library.so") << "content";
  EXPECT_EQ(*preloadable("/usr/lib/library.so", folder.string()), "/usr/lib/library.so");
  for (int again = 0; again < 2; ++again) {
    const auto link = preloadable((odd / "library.so").string(), folder.string());
    ASSERT_TRUE(link.ok()) << link.error().message;
    EXPECT_EQ(link->find_first_of(" :"), std::string::npos);
    EXPECT_EQ(fs::file_size(*link), 7U);
  }
  EXPECT_FALSE(preloadable((odd / "library.so").string(), odd.string()).ok());
  fs::remove_all(folder);
}

}  // namespace
}  // namespace govchain::analysis::live::forgetful
