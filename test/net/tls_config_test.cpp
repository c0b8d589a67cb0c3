// Certificates and keys that cannot be used: each error names the file and what was expected.

#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <string>

#include "support/temporary_folder.h"
#include "support/tls_pair.h"
#include "uvspdy/net/error.h"

using namespace uvspdy;
using Catch::Matchers::Contains;
using test::Certificate;
using test::IsSuccess;
using test::key_pair_of;
using test::TemporaryFolder;
using test::test_ca;

namespace {

std::string refusal(const net::TlsServerOptions& options) {
  const auto made = net::TlsServerContext::create(options);
  REQUIRE_FALSE(made);
  CHECK(made.error().code() == net::Errc::kTlsConfig);
  return made.error().message();
}

std::string refusal(const net::TlsClientOptions& options) {
  const auto made = net::TlsClientContext::create(options);
  REQUIRE_FALSE(made);
  CHECK(made.error().code() == net::Errc::kTlsConfig);
  return made.error().message();
}

std::string refused_ca(net::Pem ca) {
  net::TlsClientOptions options;
  options.ca = std::move(ca);
  return refusal(options);
}

}  // namespace

TEST_CASE("TLS config: files, and texts before files") {
  const TemporaryFolder folder;
  const net::TlsServerOptions from_files{
      .key_pair = {.certificate = {.file = folder.write("tls.crt", test_ca().server.pem())},
                   .key = {.file = folder.write("tls.key", test_ca().server.key_pem())}}};
  CHECK_THAT(net::TlsServerContext::create(from_files), IsSuccess());
  // One file for both, in any order.
  const std::string both =
      folder.write("both.pem", test_ca().server.key_pem() + test_ca().server.pem());
  CHECK_THAT(net::TlsServerContext::create(
                 {.key_pair = {.certificate = {.file = both}, .key = {.file = both}}}),
             IsSuccess());
  // The chain's rest in a file.
  CHECK_THAT(net::TlsServerContext::create(
                 {.key_pair = {.certificate = {.text = test_ca().server.pem(),
                                               .file = folder.write("ca.crt", test_ca().ca.pem())},
                               .key = {.text = test_ca().server.key_pem()}}}),
             IsSuccess());
}

TEST_CASE("TLS config: files that are missing, unreadable, no files") {
  const TemporaryFolder folder;
  CHECK_THAT(refused_ca({.file = folder.path() + "/none.crt"}),
             Contains("CA file '" + folder.path() + "/none.crt': No such file"));
  CHECK_THAT(refused_ca({.file = folder.path()}), Contains("is a directory"));
  // A link to itself, which root cannot read either.
  const std::string loop = folder.path() + "/loop.key";
  std::filesystem::create_symlink(loop, loop);
  CHECK_THAT(refused_ca({.file = loop}), Contains("CA file '" + loop + "': Too many levels"));
  auto pair = key_pair_of(test_ca().server);
  pair.key = {.file = loop};
  CHECK_THAT(refusal(net::TlsServerOptions{.key_pair = pair}),
             Contains("cannot read key file '" + loop + "': Too many levels"));
}

TEST_CASE("TLS config: files that may not be read") {
  const TemporaryFolder folder;
  const std::string secret = folder.write("secret.crt", test_ca().ca.pem());
  std::filesystem::permissions(secret, std::filesystem::perms::none);
  // Root may read any file, so it is somebody else for a moment.
  const uid_t user = geteuid();
  constexpr uid_t kNobody = 65534;
  if (user == 0 && seteuid(kNobody) != 0) SKIP_TEST("root may read any file, and cannot leave");
  const std::string refused = refused_ca({.file = secret});
  if (user == 0) REQUIRE(seteuid(user) == 0);
  CHECK_THAT(refused, Contains("Permission denied"));
}

TEST_CASE("TLS config: files without what is expected") {
  const TemporaryFolder folder;
  CHECK_THAT(refused_ca({.file = folder.write("empty.crt", "")}),
             Contains("a PEM block 'CERTIFICATE' is expected; found none"));
  CHECK_THAT(refused_ca({.file = folder.write("key.crt", test_ca().ca.key_pem())}),
             Contains("found 'PRIVATE KEY'"));
  CHECK_THAT(refused_ca({.file = folder.write("der.crt", "\x30\x82\x01\x02rest")}),
             Contains("it seems to be DER"));
  const std::string whole = test_ca().ca.pem();
  CHECK_THAT(refused_ca({.text = whole.substr(0, whole.size() / 2)}),
             Contains("CA (given as text): a PEM block 'CERTIFICATE' is expected; found "
                      "'CERTIFICATE' without its END"));
  std::string broken = whole;
  broken.replace(100, 8, "!!!!!!!!");
  CHECK_THAT(refused_ca({.text = whole + broken}), Contains("certificate 2 in it cannot be read"));

  // What `openssl x509 -trustout` writes.
  std::string trusted = whole;
  for (const std::string end : {"BEGIN ", "END "}) {
    trusted.replace(trusted.find(end), end.size(), end + "TRUSTED ");
  }
  CHECK_THAT(refused_ca({.text = trusted}),
             Contains("a PEM block 'CERTIFICATE' is expected; found 'TRUSTED CERTIFICATE'"));

  auto pair = key_pair_of(test_ca().server);
  pair.key = {.text = test_ca().server.pem()};
  CHECK_THAT(refusal(net::TlsServerOptions{.key_pair = pair}),
             Contains("key (given as text): a PEM block 'PRIVATE KEY'"));
  pair.key = {};
  CHECK_THAT(refusal(net::TlsServerOptions{.key_pair = pair}), Contains("without its key"));
  pair = key_pair_of(test_ca().server);
  pair.certificate = {};
  CHECK_THAT(refusal(net::TlsServerOptions{.key_pair = pair}), Contains("without its certificate"));
}

TEST_CASE("TLS config: a key of another certificate") {
  auto pair = key_pair_of(test_ca().server);
  pair.key.text = test_ca().client.key_pem();
  CHECK_THAT(refusal(net::TlsServerOptions{.key_pair = pair}),
             Contains("the key does not belong to the certificate 'CN=server'"));
  net::TlsClientOptions client;
  client.key_pair = pair;
  CHECK_THAT(refusal(client), Contains("the key does not belong"));
}

TEST_CASE("TLS config: encrypted keys") {
  auto pair = key_pair_of(test_ca().server);
  pair.key.text = test_ca().server.key_pem("secret");
  CHECK_THAT(refusal(net::TlsServerOptions{.key_pair = pair}),
             Contains("is encrypted; give its password"));
  pair.password = [] { return Result<std::string>(std::string("wrong")); };
  CHECK_THAT(refusal(net::TlsServerOptions{.key_pair = pair}), Contains("the password is wrong"));
  pair.password = [] {
    return Result<std::string>(Error(net::Errc::kTlsConfig, "nobody is at the keyboard"));
  };
  CHECK_THAT(refusal(net::TlsServerOptions{.key_pair = pair}),
             Contains("there is no password: nobody is at the keyboard"));
  pair.password = [] { return Result<std::string>(std::string(100000, 'x')); };
  CHECK_THAT(refusal(net::TlsServerOptions{.key_pair = pair}), Contains("it is longer than"));
  pair.password = [] { return Result<std::string>(std::string("secret")); };
  CHECK_THAT(net::TlsServerContext::create({.key_pair = pair}), IsSuccess());
}

TEST_CASE("TLS config: encrypted certificates are refused, and nobody is asked") {
  std::string encrypted = test_ca().ca.pem();
  encrypted.insert(encrypted.find('\n') + 1,
                   "Proc-Type: 4,ENCRYPTED\n"
                   "DEK-Info: AES-256-CBC,000102030405060708090A0B0C0D0E0F\n\n");
  CHECK_THAT(refused_ca({.text = encrypted}),
             Contains("certificate 1 in it is encrypted; give it in the clear"));
}

TEST_CASE("TLS config: client certificates without a CA for them") {
  auto options = test::server_options();
  options.client_certificate = net::ClientCertificate::kRequired;
  CHECK_THAT(refusal(options), Contains("no CA for them is given"));
}
