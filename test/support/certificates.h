#pragma once

#include <openssl/evp.h>
#include <openssl/x509.h>

#include <memory>
#include <string>
#include <vector>

// Certificates of any kind, made in memory.

namespace uvspdy::test {

struct CertificateOptions {
  std::string common_name = "test";
  std::vector<std::string> organizations;
  /// As OpenSSL writes them: "DNS:localhost", "IP:127.0.0.1".
  std::vector<std::string> names;
  bool is_ca = false;
  long valid_from = -3600;  ///< seconds from now
  long valid_to = 3600;
  /// "serverAuth", "clientAuth", or empty for both.
  std::string purpose;
};

/// A certificate and its key, which can sign others.
class Certificate {
 public:
  /// Signed by itself.
  explicit Certificate(const CertificateOptions& options);
  /// Signed by another.
  Certificate(const CertificateOptions& options, const Certificate& issuer);

  const std::string& pem() const { return pem_; }
  /// The key; encrypted when a password is given.
  std::string key_pem(const std::string& password = {}) const;

 private:
  void make(const CertificateOptions& options, const Certificate* issuer);

  std::shared_ptr<EVP_PKEY> key_;
  std::shared_ptr<X509> x509_;
  std::string pem_;
};

/// A CA and what most tests want of it.
struct TestCa {
  Certificate ca{{.common_name = "test CA", .is_ca = true}};
  Certificate server{{.common_name = "server", .names = {"DNS:localhost", "IP:127.0.0.1"}}, ca};
  Certificate client{{.common_name = "jane", .organizations = {"admins", "dev"}}, ca};
};

}  // namespace uvspdy::test
