#pragma once
// What stands in one place and what it takes to run: the countable part of a sized configuration.

namespace govchain::models {

struct PlaceInfrastructure {
  double servers = 0;  // whole ones as procured, shares of one as needed
  double cores = 0;
  double memory_bytes = 0;
  double storage_bytes = 0;   // raw, all copies, over the horizon
  double local_line_bps = 0;  // between rooms of the place
  double wide_line_bps = 0;   // to other places
  double switches = 0;
  double cipher_machines = 0;
  double racks = 0;
  double average_watts = 0;    // before cooling
  double busy_cores_peak = 0;  // cores at work in the peak hour
};

}  // namespace govchain::models
