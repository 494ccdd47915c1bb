#include "program/process.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <linux/capability.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <fstream>
#include <iterator>
#include <stdexcept>
#include <system_error>
#include <thread>

namespace concertres::test {

namespace {

[[noreturn]] void fail(const std::string& what) {
    throw std::system_error(errno, std::generic_category(), what);
}

int open_file(const std::string& name, int flags) {
    const int file = ::open(name.c_str(), flags | O_CLOEXEC, 0600);
    if (file < 0) fail(name);
    return file;
}

// A pipe that nobody reads.
int closed_pipe() {
    int ends[2];
    if (::pipe2(ends, O_CLOEXEC) != 0) fail("pipe");
    ::close(ends[0]);
    return ends[1];
}

std::vector<std::string> variables_for(const Launch& launch) {
    std::vector<std::string> variables;
    for (char** variable = environ; *variable != nullptr; ++variable) {
        const std::string_view text = *variable;
        if (text.starts_with("CONCERTRES_") || text.starts_with("NOTIFY_SOCKET=")) continue;
        variables.emplace_back(text);
    }
    for (const auto& [name, value] : launch.environment) variables.push_back(name + "=" + value);
    return variables;
}

std::vector<char*> pointers(std::vector<std::string>& texts) {
    std::vector<char*> all;
    for (std::string& text : texts) all.push_back(text.data());
    all.push_back(nullptr);
    return all;
}

// Which cannot be raised again.
rlimit limit_of(std::uint64_t most) { return {.rlim_cur = most, .rlim_max = most}; }

// All that the child needs. The test has threads, so between fork and exec nothing may allocate.
struct Plan {
    const Launch& launch;
    pid_t parent;
    int in;
    int out;
    int err;
    char* const* arguments;
    char* const* variables;
};

[[noreturn]] void become(const Plan& plan) {
    constexpr int no_such_program = 127;
    ::prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (::getppid() != plan.parent) ::_exit(no_such_program);
    ::dup2(plan.in, STDIN_FILENO);
    ::dup2(plan.out, STDOUT_FILENO);
    ::dup2(plan.err, STDERR_FILENO);
    std::signal(SIGPIPE, SIG_DFL);
    // A write beyond the limit of a file's size shall fail, and not end the program.
    std::signal(SIGXFSZ, SIG_IGN);
    if (plan.launch.file_bytes_max) {
        const rlimit limit = limit_of(*plan.launch.file_bytes_max);
        if (::setrlimit(RLIMIT_FSIZE, &limit) != 0) ::_exit(no_such_program);
    }
    if (plan.launch.descriptors_max) {
        const rlimit limit = limit_of(*plan.launch.descriptors_max);
        if (::setrlimit(RLIMIT_NOFILE, &limit) != 0) ::_exit(no_such_program);
    }
    if (plan.launch.heeds_rights) {
        // Who is not root has none to lose, and is refused.
        ::prctl(PR_CAPBSET_DROP, CAP_DAC_OVERRIDE, 0, 0, 0);
        ::prctl(PR_CAPBSET_DROP, CAP_DAC_READ_SEARCH, 0, 0, 0);
    }
    const char* const folder = plan.launch.folder.c_str();
    if (*folder != '\0' && ::chdir(folder) != 0) ::_exit(no_such_program);
    ::execve(plan.launch.program.c_str(), plan.arguments, plan.variables);
    ::_exit(no_such_program);
}

std::string text_of_end(int status) {
    if (WIFSIGNALED(status)) return fmt::format("signal {}", WTERMSIG(status));
    return fmt::format("exit {}", WEXITSTATUS(status));
}

}  // namespace

Process::Process(const Launch& launch) {
    std::vector<std::string> arguments{launch.program};
    arguments.insert(arguments.end(), launch.arguments.begin(), launch.arguments.end());
    std::vector<std::string> variables = variables_for(launch);
    const auto argument_pointers = pointers(arguments);
    const auto variable_pointers = pointers(variables);
    const std::string out = launch.out.empty() ? (folder_.path() / "out").string() : launch.out;
    const Plan plan{
        .launch = launch,
        .parent = ::getpid(),
        .in = open_file("/dev/null", O_RDONLY),
        .out = launch.out_is_closed ? closed_pipe() : open_file(out, O_WRONLY | O_CREAT),
        .err = open_file(folder_.path() / "err", O_WRONLY | O_CREAT | O_APPEND),
        .arguments = argument_pointers.data(),
        .variables = variable_pointers.data()};
    pid_ = ::fork();
    if (pid_ == 0) become(plan);
    for (const int file : {plan.in, plan.out, plan.err}) ::close(file);
    if (pid_ < 0) fail("fork");
}

Process::~Process() {
    if (!ended_.empty()) return;
    ::kill(pid_, SIGKILL);
    ::waitpid(pid_, nullptr, 0);
}

void Process::signal(int number) const {
    if (!ended_.empty()) throw std::logic_error("a signal to a program that has ended");
    if (::kill(pid_, number) != 0) fail("kill");
}

void Process::limit_files(std::uint64_t bytes) const {
    const rlimit limit = limit_of(bytes);
    if (::prlimit(pid_, RLIMIT_FSIZE, &limit, nullptr) != 0) fail("prlimit");
}

std::string Process::wait(std::chrono::milliseconds at_most) {
    const auto until = std::chrono::steady_clock::now() + at_most;
    while (ended_.empty()) {
        int status = 0;
        const pid_t waited = ::waitpid(pid_, &status, WNOHANG);
        if (waited < 0) fail("waitpid");
        if (waited == pid_) {
            ended_ = text_of_end(status);
        } else if (std::chrono::steady_clock::now() > until) {
            return "runs";
        } else {
            std::this_thread::sleep_for(std::chrono::milliseconds(2));
        }
    }
    return ended_;
}

std::string Process::out() const { return read_file(folder_.path() / "out"); }
std::string Process::err() const { return read_file(folder_.path() / "err"); }

bool Process::says(std::string_view text) {
    const auto until = std::chrono::steady_clock::now() + std::chrono::seconds(30);
    while (!contains(err(), text)) {
        if (std::chrono::steady_clock::now() > until) return false;
        if (wait(std::chrono::milliseconds(5)) != "runs") return contains(err(), text);
    }
    return true;
}

Ran run(const Launch& launch) {
    Process process(launch);
    std::string end = process.wait(std::chrono::seconds(120));
    return {.end = std::move(end), .out = process.out(), .err = process.err()};
}

bool contains(std::string_view text, std::string_view part) {
    return text.find(part) != std::string_view::npos;
}

std::string read_file(const std::filesystem::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

void write_file(const std::filesystem::path& file, std::string_view text) {
    std::ofstream out(file, std::ios::binary | std::ios::trunc);
    out << text;
    out.close();
    if (!out) throw std::runtime_error("cannot write " + file.string());
}

}  // namespace concertres::test
