// Ours against Boost.Beast, over mutations of the fuzz corpora: what ours accepts, Beast accepts
// and reads alike. The comparison itself is the fuzz targets'; here it runs without a fuzzer, with
// a fixed and a printed seed.
#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <vector>

#include "fuzz/chunked_body.h"
#include "fuzz/request_head.h"
#include "fuzz/response_head.h"
#include "unit/http/heads.h"

namespace isrd::http {
namespace {

std::vector<std::string> read_corpus(const char* name) {
  std::vector<std::string> inputs;
  const auto folder = std::filesystem::path(ISRD_SOURCE_DIR) / "tests/fuzz/corpus" / name;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    inputs.emplace_back(std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>());
  }
  // The order of a folder is the file system's; a seed must mean the same everywhere.
  std::sort(inputs.begin(), inputs.end());
  return inputs;
}

/// Pieces that matter to some rule: a random byte would seldom hit them.
const std::string_view pieces[] = {"\r\n",
                                   "\n",
                                   "\r",
                                   "\r\n\r\n",
                                   " ",
                                   "\t",
                                   ":",
                                   ": ",
                                   ",",
                                   ";",
                                   "=",
                                   "\"",
                                   "\\",
                                   "#",
                                   "?",
                                   "*",
                                   "/",
                                   "@",
                                   "0",
                                   "1",
                                   "5",
                                   "f",
                                   "+",
                                   "-",
                                   "0x",
                                   "%41",
                                   "http://",
                                   "[::1]",
                                   "\x7f",
                                   "\x80",
                                   "\xff",
                                   std::string_view("\0", 1),
                                   "HTTP/1.0",
                                   "HTTP/1.1",
                                   "HTTP/2.0",
                                   "chunked",
                                   "identity",
                                   "close",
                                   "keep-alive",
                                   "\r\nTransfer-Encoding: chunked",
                                   "\r\nContent-Length: 5",
                                   "\r\nHost: b",
                                   "\r\nConnection: ",
                                   "\r\nExpect: 100-continue",
                                   "\r\n folded",
                                   "\r\nA_b: c",
                                   " ;a=\"b\""};

class Mutator {
 public:
  Mutator(std::vector<std::string> corpus, unsigned seed)
      : corpus_(std::move(corpus)), random_(seed) {}

  std::string next() {
    std::string input = corpus_[below(corpus_.size())];
    do mutate(input);
    while (below(2) == 0);
    return input;
  }

 private:
  std::size_t below(std::size_t limit) {
    return std::uniform_int_distribution<std::size_t>(0, limit - 1)(random_);
  }

  void mutate(std::string& input) {
    const std::size_t at = below(input.size() + 1);
    switch (below(6)) {
      case 0:
        if (at < input.size()) input[at] = static_cast<char>(below(256));
        return;
      case 1:
        input.insert(at, pieces[below(std::size(pieces))]);
        return;
      case 2:
        input.erase(at, 1 + below(4));
        return;
      case 3:
        input.insert(at, input.substr(below(input.size() + 1), below(40)));
        return;
      case 4: {
        const std::string& other = corpus_[below(corpus_.size())];
        input = input.substr(0, at) + other.substr(below(other.size() + 1));
        return;
      }
      case 5:
        if (at < input.size()) input.replace(at, 1, pieces[below(std::size(pieces))]);
        return;
    }
  }

  std::vector<std::string> corpus_;
  std::mt19937 random_;
};

void check_mutations(const char* corpus, void (*target)(std::string_view)) {
  for (unsigned seed : {20250101u, std::random_device{}()}) {
    SCOPED_TRACE(std::string(corpus) + " seed " + std::to_string(seed));
    Mutator mutator(read_corpus(corpus), seed);
    for (int i = 0; i < 50'000; ++i) {
      const std::string input = mutator.next();
      ASSERT_NO_THROW(target(input)) << printable(input);
    }
  }
}

TEST(beast_difference, none_in_request_heads) {
  check_mutations("request_head", fuzz::request_head);
}

TEST(beast_difference, none_in_response_heads) {
  check_mutations("response_head", fuzz::response_head);
}

TEST(beast_difference, none_in_chunked_bodies) {
  check_mutations("chunked_body", fuzz::chunked_body);
}

TEST(beast_difference, mutations_are_accepted_often_enough_to_tell_something) {
  Mutator mutator(read_corpus("request_head"), 1);
  int accepted = 0;
  for (int i = 0; i < 2'000; ++i) accepted += parse_request(mutator.next())->refusal ? 0 : 1;
  EXPECT_GT(accepted, 100);
  EXPECT_LT(accepted, 1'900);
}

/// What Beast 1.81 accepts and ours refuses: the traps of security-rules.md section 3. Should Beast
/// close one of them, this test says so.
TEST(beast_difference, ours_is_the_stricter_one) {
  const std::string line = "POST / HTTP/1.1\r\n";
  const std::string host = line + "Host: a\r\n";
  const std::string requests[] = {
      host + "Transfer-Encoding: identity\r\n\r\n",
      host + "Transfer-Encoding: gzip, chunked\r\n\r\n",
      host + "Transfer-Encoding: chunked, chunked\r\n\r\n",
      "POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n",
      host + "Content-Length: 5\r\nContent-Length: 5\r\n\r\n",
      host + "Content-Length: 5, 5\r\n\r\n",
      host + "A: b\r\n c\r\n\r\n",
      line + "\r\n",
      host + "Host: b\r\n\r\n",
      line + "Host: a/b\r\n\r\n",
      line + "Host: u@a\r\n\r\n",
      line + "Host: a,b\r\n\r\n",
      line + "Host: \"a\"\r\n\r\n",
      "GET a HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET a@b HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /#a HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /\" HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /< HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /\\ HTTP/1.1\r\nHost: a\r\n\r\n",
      "GET /\xe9 HTTP/1.1\r\nHost: a\r\n\r\n",
      "CONNECT a:443 HTTP/1.1\r\nHost: a\r\n\r\n",
      host + "Connection: Content-Length\r\n\r\n",
  };
  for (const std::string& bytes : requests) {
    fuzz::BeastReference<true> beast;
    beast.read(bytes, false);
    EXPECT_TRUE(!beast.error && beast.is_header_done()) << printable(bytes);
    EXPECT_TRUE(parse_request(bytes)->refusal) << printable(bytes);
  }
  for (const char* status : {"000", "099", "999"}) {
    const std::string bytes = "HTTP/1.1 " + std::string(status) + " X\r\n\r\n";
    fuzz::BeastReference<false> beast;
    beast.read(bytes, false);
    EXPECT_FALSE(beast.error) << status;
    EXPECT_TRUE(parse_response(bytes)->refusal) << status;
  }
}

}  // namespace
}  // namespace isrd::http
