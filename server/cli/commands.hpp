// The commands that are not `serve`. Each works on a folder that no server has open, or asks a
// running server; prints what came of it, and returns the exit code.
#pragma once

#include "config/command_line.hpp"

namespace concertres::server {

int run(const ImportArguments& arguments);
int run(const AuditArguments& arguments);
int run(const ExplainArguments& arguments);
int run(const BackupArguments& arguments);
int run(const DoctorArguments& arguments);
int run(const DrawArguments& arguments);
int run(const TicketArguments& arguments);
int run(const LoadArguments& arguments);
int run(const RelayArguments& arguments);

}  // namespace concertres::server
