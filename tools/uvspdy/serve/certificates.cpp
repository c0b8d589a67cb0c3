#include "serve/certificates.h"

#include <openssl/bn.h>
#include <openssl/ec.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include <array>
#include <system_error>
#include <utility>

#include "openssl.h"

namespace uvspdy::command {
namespace {

constexpr int kSerialBits = 127;
constexpr long kHour = 3600;
// A long lifetime, since the keys live no longer than the process anyway. Certificates are valid
// from an hour ago, for clients whose clocks are slow.
constexpr long kLifetime = 10L * 365 * 24 * kHour;

/// A certificate that is being made.
struct Draft {
  X509Ptr certificate;
  PkeyPtr key;
};

Error openssl_failure(const char* what) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return Error(std::make_error_code(std::errc::invalid_argument),
               std::string("cannot make a certificate: ") + what + ": " + text.data());
}

bool set_serial(X509* certificate) {
  const BignumPtr number(BN_new());
  return number && BN_rand(number.get(), kSerialBits, BN_RAND_TOP_ANY, BN_RAND_BOTTOM_ANY) == 1 &&
         BN_to_ASN1_INTEGER(number.get(), X509_get_serialNumber(certificate)) != nullptr;
}

bool add_name(X509_NAME* name, const char* field, const std::string& value) {
  const void* text = value.data();
  return X509_NAME_add_entry_by_txt(name, field, MBSTRING_UTF8,
                                    static_cast<const unsigned char*>(text),
                                    static_cast<int>(value.size()), -1, 0) == 1;
}

/// Makes a key and a certificate with names and times. X.509 version 3 is written as 2.
Result<Draft> start(const std::string& common_name) {
  Draft draft{X509Ptr(X509_new()), PkeyPtr(EVP_EC_gen("P-256"))};
  X509* certificate = draft.certificate.get();
  if (!draft.key || certificate == nullptr || X509_set_version(certificate, 2) != 1 ||
      !set_serial(certificate) ||
      X509_gmtime_adj(X509_getm_notBefore(certificate), -kHour) == nullptr ||
      X509_gmtime_adj(X509_getm_notAfter(certificate), kLifetime) == nullptr ||
      X509_set_pubkey(certificate, draft.key.get()) != 1 ||
      !add_name(X509_get_subject_name(certificate), "O", "uvspdy serve") ||
      !add_name(X509_get_subject_name(certificate), "CN", common_name)) {
    return openssl_failure("its fields");
  }
  return draft;
}

bool add_extension(X509* certificate, X509* issuer, int type, const char* value) {
  X509V3_CTX context;
  X509V3_set_ctx(&context, issuer, certificate, nullptr, nullptr, 0);
  const X509ExtensionPtr extension(X509V3_EXT_nconf_nid(nullptr, &context, type, value));
  return extension && X509_add_ext(certificate, extension.get(), -1) == 1;
}

Error sign(Draft& draft, const Draft& issuer) {
  X509* certificate = draft.certificate.get();
  X509* from = issuer.certificate.get();
  if (X509_set_issuer_name(certificate, X509_get_subject_name(from)) != 1 ||
      !add_extension(certificate, from, NID_subject_key_identifier, "hash") ||
      !add_extension(certificate, from, NID_authority_key_identifier, "keyid:always") ||
      X509_sign(certificate, issuer.key.get(), EVP_sha256()) == 0) {
    return openssl_failure("its signature");
  }
  return {};
}

// The zone of an IPv6 address has a meaning on this machine only.
std::string without_zone(const std::string& host) { return host.substr(0, host.find('%')); }

GeneralNamePtr general_name(const std::string& host) {
  GeneralNamePtr name(GENERAL_NAME_new());
  if (!name) return nullptr;
  if (Asn1OctetStringPtr address{a2i_IPADDRESS(without_zone(host).c_str())}) {
    GENERAL_NAME_set0_value(name.get(), GEN_IPADD, address.release());
    return name;
  }
  ERR_clear_error();  // a name, not an address
  Asn1Ia5StringPtr text(ASN1_IA5STRING_new());
  if (!text || ASN1_STRING_set(text.get(), host.data(), static_cast<int>(host.size())) != 1) {
    return nullptr;
  }
  GENERAL_NAME_set0_value(name.get(), GEN_DNS, text.release());
  return name;
}

Error add_hosts(X509* certificate, const std::vector<std::string>& hosts) {
  const GeneralNamesPtr names(GENERAL_NAMES_new());
  for (const std::string& host : hosts) {
    GeneralNamePtr name = general_name(host);
    if (!names || !name || sk_GENERAL_NAME_push(names.get(), name.get()) == 0) {
      return openssl_failure("a host's name");
    }
    (void)name.release();  // owned by `names`
  }
  if (X509_add1_ext_i2d(certificate, NID_subject_alt_name, names.get(), 0, 0) != 1) {
    return openssl_failure("its hosts");
  }
  return {};
}

Result<PemPair> to_pem(const Draft& draft) {
  const BioPtr certificate(BIO_new(BIO_s_mem()));
  const BioPtr key(BIO_new(BIO_s_mem()));
  if (!certificate || !key || PEM_write_bio_X509(certificate.get(), draft.certificate.get()) != 1 ||
      PEM_write_bio_PrivateKey(key.get(), draft.key.get(), nullptr, nullptr, 0, nullptr, nullptr) !=
          1) {
    return openssl_failure("its text");
  }
  const auto text = [](BIO* bio) {
    char* data = nullptr;
    const long size = BIO_get_mem_data(bio, &data);
    return std::string(data, static_cast<std::size_t>(size));
  };
  return PemPair{text(certificate.get()), text(key.get())};
}

Result<Draft> make_ca() {
  Result<Draft> ca = start("CA");
  if (!ca) return ca;
  X509* certificate = ca->certificate.get();
  if (!add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE") ||
      !add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign")) {
    return openssl_failure("the CA's extensions");
  }
  if (const Error error = sign(*ca, *ca)) return error;
  return ca;
}

// `hosts` is empty for a client.
Result<PemPair> make_signed(const Draft& ca, const std::string& common_name, const char* usage,
                            const std::vector<std::string>& hosts) {
  Result<Draft> draft = start(common_name);
  if (!draft) return draft.error();
  X509* certificate = draft->certificate.get();
  if (!add_extension(certificate, nullptr, NID_basic_constraints, "critical,CA:FALSE") ||
      !add_extension(certificate, nullptr, NID_key_usage, "critical,digitalSignature") ||
      !add_extension(certificate, nullptr, NID_ext_key_usage, usage)) {
    return openssl_failure("its extensions");
  }
  if (!hosts.empty()) {
    if (const Error error = add_hosts(certificate, hosts)) return error;
  }
  if (const Error error = sign(*draft, ca)) return error;
  return to_pem(*draft);
}

}  // namespace

Result<Certificates> make_certificates(const std::vector<std::string>& hosts,
                                       const std::string& user) {
  const Result<Draft> ca = make_ca();
  if (!ca) return ca.error();
  const Result<PemPair> ca_pem = to_pem(*ca);
  if (!ca_pem) return ca_pem.error();
  Result<PemPair> server = make_signed(*ca, "server", "serverAuth", hosts);
  if (!server) return server.error();
  Result<PemPair> client = make_signed(*ca, user, "clientAuth", {});
  if (!client) return client.error();
  return Certificates{ca_pem->certificate, std::move(*server), std::move(*client)};
}

}  // namespace uvspdy::command
