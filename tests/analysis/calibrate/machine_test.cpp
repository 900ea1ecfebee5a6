// Which machine it is, and whether it was quiet.

#include "analysis/calibrate/machine.h"

#include <gtest/gtest.h>

namespace govchain::analysis {
namespace {

using consensus::Duration;

TEST(Machine, FindsTheFileSystemOfTheLongestMountPoint) {
  const std::string table =
      "21 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw\n"
      "22 21 0:20 / /proc rw - proc proc rw\n"
      "23 21 0:21 / /tm rw - xfs /dev/other rw\n"
      "a line that is none\n";
  EXPECT_EQ(file_system_of("/", table), "ext4 on /dev/vda");
  EXPECT_EQ(file_system_of("/proc/self/..", table), "proc on proc");
  EXPECT_EQ(file_system_of("/tmp", table), "ext4 on /dev/vda");
  EXPECT_EQ(file_system_of("/tmp", ""), "unknown");
}

TEST(Machine, SaysSomethingOfEverything) {
  const Machine machine = this_machine(".");
  EXPECT_GE(machine.cores, 1U);
  EXPECT_GT(machine.memory, consensus::Bytes(0));
  for (const std::string& text :
       {machine.processor, machine.kernel, machine.file_system, machine.date}) {
    EXPECT_FALSE(text.empty());
  }
}

struct Moments {
  Activity before;
  Activity after;
  Moments() {
    after.at = Duration::seconds(100);
    after.processor = Duration::seconds(90);
    after.busy = Duration::seconds(95);
  }
  [[nodiscard]] Quiet quiet(const Figures& figures = {}) const {
    return quiet_between(before, after, 2, figures);
  }
};

TEST(Quiet, IsAMachineThatNobodyElseUses) {
  const Quiet quiet = Moments().quiet();
  EXPECT_FALSE(quiet.is_noisy()) << quiet.reasons.front();
  EXPECT_DOUBLE_EQ(quiet.others, 0.025);
}

TEST(Quiet, IsNotWhatOthersUse) {
  Moments moments;
  moments.after.busy = Duration::seconds(150);
  EXPECT_DOUBLE_EQ(moments.quiet().others, 0.3);
  ASSERT_EQ(moments.quiet().reasons.size(), 1U);
  EXPECT_EQ(moments.quiet().reasons[0], "30 % of all cores' time went to others");
}

TEST(Quiet, IsNotLoadStealingNorWaiting) {
  Moments moments;
  moments.before.load = 1.5;
  moments.after.stolen = Duration::seconds(10);
  moments.after.waited = Duration::seconds(20);
  moments.after.involuntary_switches = 500;
  const Quiet quiet = moments.quiet();
  EXPECT_EQ(quiet.reasons.size(), 3U);
  EXPECT_DOUBLE_EQ(quiet.stolen, 0.05);
  EXPECT_DOUBLE_EQ(quiet.waited, 0.2);
  EXPECT_DOUBLE_EQ(quiet.involuntary_switches_per_second, 5);
}

TEST(Quiet, IsNotWhereProcessorTimesLieApart) {
  Figures figures;
  for (const int milliseconds : {10, 20, 30}) {
    figures.add(RowKind::kProcessor, {"a", {}}, "call", Duration::milliseconds(milliseconds), 1);
    // A wait may vary: that is the disk, and not the machine's other work.
    figures.add_wait({"b", {}}, "call", Duration::milliseconds(milliseconds));
  }
  const Quiet quiet = Moments().quiet(figures);
  EXPECT_DOUBLE_EQ(quiet.spread, 1);
  EXPECT_TRUE(quiet.is_noisy());
}

}  // namespace
}  // namespace govchain::analysis
