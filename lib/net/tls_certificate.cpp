#include "net/tls_certificate.h"

#include <uv.h>

#include <algorithm>
#include <array>
#include <ctime>
#include <vector>

#include "uvspdy/bytes.h"
#include "uvspdy/printable.h"

namespace uvspdy::net {
namespace {

// Limits for the part of an error's text that comes from a peer's certificate.
constexpr std::size_t kLongestName = 256;
constexpr std::size_t kNamesShown = 10;

std::string utf8(const ASN1_STRING* value) {
  unsigned char* text = nullptr;
  const int size = ASN1_STRING_to_UTF8(&text, value);
  if (size < 0) return {};
  std::string result(text, text + size);
  OPENSSL_free(text);
  return result;
}

std::string text_of(const X509_NAME* name) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  X509_NAME_print_ex(bio.get(), name, 0, XN_FLAG_RFC2253);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(std::max(size, 0L))};
}

std::string address_text(const ASN1_OCTET_STRING& address) {
  const int size = ASN1_STRING_length(&address);
  if (size != 4 && size != 16) return {};
  std::array<char, 64> text{};
  uv_inet_ntop(size == 4 ? AF_INET : AF_INET6, ASN1_STRING_get0_data(&address), text.data(),
               text.size());
  return text.data();
}

std::vector<std::string> alternative_names(const X509& certificate) {
  std::vector<std::string> names;
  void* raw = X509_get_ext_d2i(&certificate, NID_subject_alt_name, nullptr, nullptr);
  const std::unique_ptr<GENERAL_NAMES, OpensslFree<GENERAL_NAMES_free>> found(
      static_cast<GENERAL_NAMES*>(raw));
  for (int i = 0; i < sk_GENERAL_NAME_num(found.get()); ++i) {
    const GENERAL_NAME* name = sk_GENERAL_NAME_value(found.get(), i);
    if (name->type == GEN_DNS) names.push_back(utf8(name->d.dNSName));
    if (name->type == GEN_IPADD) names.push_back(address_text(*name->d.iPAddress));
  }
  return names;
}

std::string date(const ASN1_TIME* time) {
  std::tm parts{};
  if (ASN1_TIME_to_tm(time, &parts) != 1) return "an unreadable date";
  std::array<char, 64> text{};
  const std::size_t size = std::strftime(text.data(), text.size(), "%Y-%m-%d %H:%M:%S UTC", &parts);
  return {text.data(), size};
}

std::string valid_names(const X509& certificate) {
  const std::vector<std::string> names = alternative_names(certificate);
  if (names.empty()) return "names no host in its subjectAltName";
  std::string text = "is valid for ";
  for (std::size_t i = 0; i < std::min(names.size(), kNamesShown); ++i) {
    text += (i == 0 ? "" : ", ") + printable(names[i], kLongestName);
  }
  if (names.size() > kNamesShown) {
    text += " and " + std::to_string(names.size() - kNamesShown) + " more";
  }
  return text;
}

}  // namespace

TlsCertificate describe(const X509& certificate, bool verified) {
  TlsCertificate result;
  result.verified = verified;
  const X509_NAME* subject = X509_get_subject_name(&certificate);
  result.subject = text_of(subject);
  for (int i = 0; i < X509_NAME_entry_count(subject); ++i) {
    const X509_NAME_ENTRY* entry = X509_NAME_get_entry(subject, i);
    const int kind = OBJ_obj2nid(X509_NAME_ENTRY_get_object(entry));
    // If there are several, the last one counts, as in Go.
    if (kind == NID_commonName) result.common_name = utf8(X509_NAME_ENTRY_get_data(entry));
    if (kind == NID_organizationName) {
      result.organizations.push_back(utf8(X509_NAME_ENTRY_get_data(entry)));
    }
  }
  result.names = alternative_names(certificate);
  return result;
}

std::string verify_failure(X509_STORE_CTX& failed, const std::string& expected) {
  const int code = X509_STORE_CTX_get_error(&failed);
  std::string reason = X509_verify_cert_error_string(code);
  const X509* certificate = X509_STORE_CTX_get_current_cert(&failed);
  if (certificate == nullptr) return reason;
  const std::string whose =
      std::string(X509_STORE_CTX_get_error_depth(&failed) == 0 ? "the certificate '"
                                                               : "in its chain the certificate '") +
      printable(text_of(X509_get_subject_name(certificate)), kLongestName) + "' ";
  switch (code) {
    case X509_V_ERR_CERT_HAS_EXPIRED:
      return whose + "has expired on " + date(X509_get0_notAfter(certificate));
    case X509_V_ERR_CERT_NOT_YET_VALID:
      return whose + "is not valid before " + date(X509_get0_notBefore(certificate));
    case X509_V_ERR_DEPTH_ZERO_SELF_SIGNED_CERT:
    case X509_V_ERR_SELF_SIGNED_CERT_IN_CHAIN:
      return whose + "is self-signed and not among the trusted CAs";
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT:
    case X509_V_ERR_UNABLE_TO_GET_ISSUER_CERT_LOCALLY:
    case X509_V_ERR_UNABLE_TO_VERIFY_LEAF_SIGNATURE:
      return whose + "comes from '" +
             printable(text_of(X509_get_issuer_name(certificate)), kLongestName) +
             "', which is not among the trusted CAs";
    case X509_V_ERR_HOSTNAME_MISMATCH:
    case X509_V_ERR_IP_ADDRESS_MISMATCH:
      return whose + valid_names(*certificate) + ", not for " + expected;
    default: return whose + "is refused: " + reason;
  }
}

}  // namespace uvspdy::net
