#include "support/certificates.h"

#include <openssl/bio.h>
#include <openssl/ec.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>

#include <atomic>
#include <stdexcept>

#include "uvspdy/bytes.h"

namespace uvspdy::test {
namespace {

void must(bool worked) {
  if (!worked) throw std::runtime_error("OpenSSL makes no test certificate");
}

std::shared_ptr<BIO> memory_bio() { return {BIO_new(BIO_s_mem()), &BIO_free_all}; }

std::string text_of(BIO* bio) {
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio, &data);
  return {data, static_cast<std::size_t>(size)};
}

void add_extension(X509* to, X509* issuer, int kind, const std::string& value) {
  X509V3_CTX context{};
  X509V3_set_ctx(&context, issuer, to, nullptr, nullptr, 0);
  X509_EXTENSION* extension = X509V3_EXT_conf_nid(nullptr, &context, kind, value.c_str());
  must(extension != nullptr && X509_add_ext(to, extension, -1) == 1);
  X509_EXTENSION_free(extension);
}

void add_name(X509_NAME* to, const char* field, const std::string& value) {
  const Bytes bytes = bytes_of(value);
  must(X509_NAME_add_entry_by_txt(to, field, MBSTRING_UTF8, bytes.data(),
                                  static_cast<int>(bytes.size()), -1, 0) == 1);
}

}  // namespace

Certificate::Certificate(const CertificateOptions& options) { make(options, nullptr); }

Certificate::Certificate(const CertificateOptions& options, const Certificate& issuer) {
  make(options, &issuer);
}

void Certificate::make(const CertificateOptions& options, const Certificate* issuer) {
  static std::atomic<long> serial{1};
  key_ = {EVP_EC_gen("P-256"), &EVP_PKEY_free};
  x509_ = {X509_new(), &X509_free};
  must(key_ != nullptr && x509_ != nullptr);
  X509* made = x509_.get();
  X509* by = issuer != nullptr ? issuer->x509_.get() : made;
  X509_set_version(made, X509_VERSION_3);
  ASN1_INTEGER_set(X509_get_serialNumber(made), serial++);
  X509_gmtime_adj(X509_getm_notBefore(made), options.valid_from);
  X509_gmtime_adj(X509_getm_notAfter(made), options.valid_to);
  X509_set_pubkey(made, key_.get());
  X509_NAME* name = X509_get_subject_name(made);
  for (const std::string& organization : options.organizations) add_name(name, "O", organization);
  add_name(name, "CN", options.common_name);
  X509_set_issuer_name(made, X509_get_subject_name(by));
  add_extension(made, by, NID_basic_constraints, options.is_ca ? "critical,CA:TRUE" : "CA:FALSE");
  if (options.is_ca) add_extension(made, by, NID_key_usage, "critical,keyCertSign,cRLSign");
  std::string names;
  for (const std::string& each : options.names) names += (names.empty() ? "" : ",") + each;
  if (!names.empty()) add_extension(made, by, NID_subject_alt_name, names);
  if (!options.is_ca) {
    add_extension(made, by, NID_ext_key_usage,
                  options.purpose.empty() ? "serverAuth,clientAuth" : options.purpose);
  }
  EVP_PKEY* signer = issuer != nullptr ? issuer->key_.get() : key_.get();
  must(X509_sign(made, signer, EVP_sha256()) > 0);
  const auto bio = memory_bio();
  PEM_write_bio_X509(bio.get(), made);
  pem_ = text_of(bio.get());
}

std::string Certificate::key_pem(const std::string& password) const {
  const auto bio = memory_bio();
  const bool encrypted = !password.empty();
  must(PEM_write_bio_PrivateKey(bio.get(), key_.get(), encrypted ? EVP_aes_256_cbc() : nullptr,
                                encrypted ? bytes_of(password).data() : nullptr,
                                static_cast<int>(password.size()), nullptr, nullptr) == 1);
  return text_of(bio.get());
}

}  // namespace uvspdy::test
