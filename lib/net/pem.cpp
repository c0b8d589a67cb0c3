#include "net/pem.h"

#include <fcntl.h>
#include <openssl/crypto.h>
#include <openssl/pem.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <optional>

#include "net/descriptor.h"
#include "net/tls_failure.h"

namespace uvspdy::net {
namespace {

// Twenty times as large as the bundles of CAs that systems have, so a larger file is something
// else.
constexpr std::size_t kLargestFile = 2 * 1024 * 1024;

// "certificate file '/etc/x.crt'", for people.
std::string name_of(const Pem& pem, std::string_view what) {
  if (pem.file.empty()) return std::string(what) + " (given as text)";
  return std::string(what) + " file '" + pem.file + "'";
}

// A text that may hold a key; its memory is erased before it is freed.
class SecretText {
 public:
  SecretText() = default;
  ~SecretText() { OPENSSL_cleanse(text_.data(), text_.size()); }
  SecretText(const SecretText&) = delete;
  SecretText& operator=(const SecretText&) = delete;

  std::string_view get() const { return text_; }

  void reserve(std::size_t size) {
    if (size <= text_.capacity()) return;
    std::string larger;
    larger.reserve(size);
    larger += text_;
    OPENSSL_cleanse(text_.data(), text_.size());
    text_.swap(larger);
  }

  void append(std::string_view more) {
    const std::size_t size = text_.size() + more.size();
    // No more than the largest file: what is reserved counts, too.
    if (size > text_.capacity()) reserve(std::max(size, std::min(2 * size, kLargestFile)));
    text_ += more;
  }

 private:
  std::string text_;
};

// A buffer that keys are read through.
class SecretBuffer {
 public:
  SecretBuffer() : bytes_(64 * 1024) {}
  ~SecretBuffer() { OPENSSL_cleanse(bytes_.data(), bytes_.size()); }
  SecretBuffer(const SecretBuffer&) = delete;
  SecretBuffer& operator=(const SecretBuffer&) = delete;

  ssize_t read_from(const Descriptor& file) {
    ssize_t count = 0;
    do {
      count = ::read(file.get(), bytes_.data(), bytes_.size());
    } while (count < 0 && errno == EINTR);
    return count;
  }
  std::string_view first(ssize_t count) const {
    return text_of(Bytes(bytes_).first(static_cast<std::size_t>(count)));
  }

 private:
  std::vector<std::uint8_t> bytes_;
};

// Not with stdio, whose buffer would keep a copy.
Error read_file(const std::string& path, const std::string& name, SecretText& out) {
  const auto cannot_read = [&name](int error) {
    return tls_config_error("cannot read " + name + ": " + std::strerror(error));
  };
  const Descriptor file(open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat about {};
  if (!file || fstat(file.get(), &about) != 0) return cannot_read(errno);
  if (S_ISDIR(about.st_mode)) {
    return tls_config_error(name + " is a directory; a file in PEM is expected");
  }
  SecretBuffer piece;
  for (;;) {
    const ssize_t count = piece.read_from(file);
    if (count < 0) return cannot_read(errno);
    if (count == 0) return {};
    if (out.get().size() + static_cast<std::size_t>(count) > kLargestFile) {
      return tls_config_error(name + " is larger than 2 MiB; a file in PEM is expected");
    }
    out.append(piece.first(count));
  }
}

Error read(const Pem& pem, const std::string& name, SecretText& out) {
  out.append(pem.text);
  if (pem.file.empty()) return {};
  if (!pem.text.empty()) out.append("\n");
  return read_file(pem.file, name, out);
}

struct Block {
  std::string_view label;  // "CERTIFICATE"
  std::string_view text;   // with its BEGIN and END
};

// Removes the next block from `rest` and returns it. A block without its END has no text.
std::optional<Block> next_block(std::string_view& rest) {
  constexpr std::string_view kBegin = "-----BEGIN ";
  constexpr std::string_view kDashes = "-----";
  const std::size_t begin = rest.find(kBegin);
  if (begin == std::string_view::npos) return std::nullopt;
  const std::size_t label = begin + kBegin.size();
  const std::size_t label_end = rest.find(kDashes, label);
  if (label_end == std::string_view::npos || label_end - label > 64) {
    rest.remove_prefix(label);
    return Block{};
  }
  Block block{rest.substr(label, label_end - label), {}};
  const std::string last = "-----END " + std::string(block.label) + "-----";
  const std::size_t end = rest.find(last, label_end);
  if (end == std::string_view::npos) {
    rest.remove_prefix(label_end);
    return block;
  }
  block.text = rest.substr(begin, end + last.size() - begin);
  rest.remove_prefix(end + last.size());
  return block;
}

// The contents of a text that lacks the block that is wanted, for error texts.
std::string found_in(std::string_view text) {
  const bool der = !text.empty() && text.front() == '\x30';
  std::string found;
  while (const auto block = next_block(text)) {
    if (block->label.empty()) continue;
    const std::string label = "'" + std::string(block->label) + "'";
    if (found.size() > 200 || found.find(label) != std::string::npos) continue;
    found += (found.empty() ? "" : ", ") + label;
    if (block->text.empty()) found += " without its END";
  }
  if (!found.empty()) return "found " + found;
  return der ? "it seems to be DER; convert it with: openssl x509 -inform der" : "found none";
}

BioPtr bio_of(std::string_view text) {
  return BioPtr(BIO_new_mem_buf(text.data(), static_cast<int>(text.size())));
}

struct PasswordRequest {
  const TlsKeyPair* pair = nullptr;
  bool asked = false;
  Error error;
};

int answer_password(char* out, int size, int, void* data) {
  auto* request = static_cast<PasswordRequest*>(data);
  request->asked = true;
  if (!request->pair->password) return -1;
  try {
    Result<std::string> password = request->pair->password();
    if (!password) {
      request->error = password.error();
      return -1;
    }
    const std::size_t length = password->size();
    const bool fits = length <= static_cast<std::size_t>(size);
    if (fits) std::copy_n(password->data(), length, out);
    OPENSSL_cleanse(password->data(), length);
    if (fits) return static_cast<int>(length);
    request->error = tls_config_error("it is longer than " + std::to_string(size) + " bytes");
  } catch (const std::exception& thrown) {
    request->error = tls_config_error(thrown.what());
  }
  return -1;
}

bool is_key(std::string_view label) {
  return label == "PRIVATE KEY" || label.ends_with(" PRIVATE KEY");
}

bool is_certificate(std::string_view label) {
  return label == "CERTIFICATE" || label == "X509 CERTIFICATE";
}

// Replaces OpenSSL's own callback, which would ask on the terminal.
int answer_nothing(char*, int, int, void* data) {
  *static_cast<bool*>(data) = true;
  return -1;
}

}  // namespace

Result<std::vector<X509Ptr>> load_certificates(const Pem& pem, std::string_view what) {
  const std::string name = name_of(pem, what);
  SecretText text;  // the key may be in the same file
  if (Error error = read(pem, name, text)) return error;
  std::vector<X509Ptr> certificates;
  std::string_view rest = text.get();
  while (const auto block = next_block(rest)) {
    if (!is_certificate(block->label) || block->text.empty()) continue;
    clear_openssl_errors();
    bool encrypted = false;
    X509Ptr certificate(
        PEM_read_bio_X509(bio_of(block->text).get(), nullptr, &answer_nothing, &encrypted));
    if (!certificate) {
      const std::string reason = take_openssl_error().text;
      return tls_config_error(
          name + ": certificate " + std::to_string(certificates.size() + 1) + " in it " +
          (encrypted ? "is encrypted; give it in the clear" : "cannot be read: " + reason));
    }
    certificates.push_back(std::move(certificate));
  }
  if (certificates.empty()) {
    return tls_config_error(name + ": a PEM block 'CERTIFICATE' is expected; " +
                            found_in(text.get()));
  }
  return certificates;
}

Result<PkeyPtr> load_key(const TlsKeyPair& pair) {
  const std::string name = name_of(pair.key, "key");
  if (pair.key.empty()) return tls_config_error("a certificate is given without its key");
  SecretText text;
  if (Error error = read(pair.key, name, text)) return error;
  std::string_view rest = text.get();
  std::optional<Block> block = next_block(rest);
  while (block && !(is_key(block->label) && !block->text.empty())) block = next_block(rest);
  if (!block) {
    return tls_config_error(name +
                            ": a PEM block 'PRIVATE KEY' (or 'RSA PRIVATE KEY', 'EC PRIVATE KEY') "
                            "is expected; " +
                            found_in(text.get()));
  }
  clear_openssl_errors();
  PasswordRequest request{&pair, false, {}};
  PkeyPtr key(
      PEM_read_bio_PrivateKey(bio_of(block->text).get(), nullptr, &answer_password, &request));
  if (key) return key;
  const std::string reason = take_openssl_error().text;
  if (request.error) {
    return tls_config_error(name +
                            " is encrypted, and there is no password: " + request.error.message());
  }
  if (request.asked && !pair.password) {
    return tls_config_error(name + " is encrypted; give its password");
  }
  if (request.asked) {
    return tls_config_error(name + " cannot be decrypted: the password is wrong (" + reason + ")");
  }
  return tls_config_error(name + " cannot be read: " + reason);
}

}  // namespace uvspdy::net
