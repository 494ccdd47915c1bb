#include "support/daemon.hpp"

#include <fcntl.h>
#include <pwd.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <stdexcept>

namespace concertres::test {
namespace {

constexpr const char* user_for_root = "postgres";

std::vector<std::string> as_daemon(std::vector<std::string> command) {
    if (::geteuid() != 0) return command;
    // setpriv keeps the process: its id is the server's. Who becomes another user has forgotten
    // what is to happen when its parent dies.
    const std::vector<std::string> prefix = {"/usr/bin/setpriv", "--reuid",     user_for_root,
                                             "--regid",          user_for_root, "--clear-groups",
                                             "--pdeathsig",      "QUIT"};
    command.insert(command.begin(), prefix.begin(), prefix.end());
    return command;
}

}  // namespace

void give_to_daemons(const std::filesystem::path& folder) {
    if (::geteuid() != 0) return;
    const passwd* user = ::getpwnam(user_for_root);
    if (user == nullptr || ::chown(folder.c_str(), user->pw_uid, user->pw_gid) != 0) {
        throw std::runtime_error("there is no user \"postgres\" that PostgreSQL could run as");
    }
}

pid_t start_daemon(std::vector<std::string> command, const std::filesystem::path& log) {
    command = as_daemon(std::move(command));
    const pid_t child = ::fork();
    if (child < 0) throw std::runtime_error("fork failed");
    if (child > 0) return child;
    // Whatever ends the tests ends the server too.
    ::prctl(PR_SET_PDEATHSIG, SIGQUIT);
    // Not freopen(): what this program has still to print would be printed twice.
    const int to_log = ::open(log.c_str(), O_WRONLY | O_CREAT | O_APPEND, 0600);
    if (to_log < 0 || ::dup2(to_log, STDOUT_FILENO) < 0 || ::dup2(to_log, STDERR_FILENO) < 0) {
        ::_exit(126);
    }
    std::vector<char*> words;
    for (std::string& word : command) words.push_back(word.data());
    words.push_back(nullptr);
    ::execv(words[0], words.data());
    ::_exit(127);
}

std::string text_of(const std::filesystem::path& file) {
    std::ifstream in(file);
    return {std::istreambuf_iterator<char>(in), {}};
}

}  // namespace concertres::test
