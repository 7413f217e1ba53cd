// Runs a fuzzer once over its kept corpus, in any build and without libFuzzer:   replay_<fuzzer> DIR
// Fails when DIR holds no file. An input that breaks a promise ends the program; its path is printed first.
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size);

namespace {
std::string current;  // the input under replay

// Writes only what stands already: a handler of signals may do no more.
extern "C" void name_the_input(int signal) {
  auto written = ::write(STDERR_FILENO, current.data(), current.size());
  written = ::write(STDERR_FILENO, ": broke a promise\n", 18);
  static_cast<void>(written);
  std::signal(signal, SIG_DFL);
  std::raise(signal);
}
}  // namespace

int main(int argc, char** argv) {
  if (argc != 2) return std::fprintf(stderr, "usage: %s DIR\n", argv[0]), 2;
  std::vector<std::string> paths;
  std::error_code missing;
  for (const auto& entry : std::filesystem::directory_iterator(argv[1], missing))
    if (entry.is_regular_file()) paths.push_back(entry.path().string());
  if (paths.empty()) return std::fprintf(stderr, "%s: no corpus to replay\n", argv[1]), 1;
  std::sort(paths.begin(), paths.end());
  for (int signal : {SIGABRT, SIGSEGV, SIGFPE, SIGBUS, SIGILL}) std::signal(signal, name_the_input);
  for (const std::string& path : paths) {
    current = path;
    std::ifstream in(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(in), {}};
    if (!in) return std::fprintf(stderr, "%s: cannot be read\n", path.c_str()), 1;
    LLVMFuzzerTestOneInput(reinterpret_cast<const std::uint8_t*>(bytes.data()), bytes.size());
  }
  std::printf("%zu inputs\n", paths.size());
  return 0;
}
