#include "serve/kubeconfig_out.h"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <uv.h>
#include <yaml-cpp/yaml.h>

#include <array>
#include <system_error>
#include <utility>
#include <vector>

#include "openssl.h"
#include "serve/certificates.h"
#include "uvspdy/bytes.h"

namespace uvspdy::command {
namespace {

Error unusable(const std::string& text) {
  return Error(std::make_error_code(std::errc::invalid_argument), "--kubeconfig-out " + text);
}

// From this machine, a server that listens on all addresses is reached at the loopback address.
std::string reachable(const std::string& host) {
  if (host == "0.0.0.0") return "127.0.0.1";
  return host == "::" ? "::1" : host;
}

// The name by which other machines reach a server that listens on all addresses.
std::string machine_name() {
  std::array<char, UV_MAXHOSTNAMESIZE> name{};
  std::size_t size = name.size();
  return uv_os_gethostname(name.data(), &size) == 0 ? std::string(name.data(), size) : "";
}

std::string url(const std::string& host, std::uint16_t port) {
  std::string authority = host;
  if (const std::size_t zone = host.find('%'); zone != std::string::npos) {
    authority.replace(zone, 1, "%25");
  }
  if (host.find(':') != std::string::npos) authority = "[" + authority + "]";
  return "https://" + authority + ":" + std::to_string(port);
}

std::string base64(const std::string& text) {
  std::string encoded(4 * ((text.size() + 2) / 3) + 1, '\0');
  void* to = encoded.data();
  const void* from = text.data();
  const int size =
      EVP_EncodeBlock(static_cast<unsigned char*>(to), static_cast<const unsigned char*>(from),
                      static_cast<int>(text.size()));
  encoded.resize(static_cast<std::size_t>(size));
  return encoded;
}

std::vector<X509Ptr> read_certificates(const std::string& file) {
  std::vector<X509Ptr> certificates;
  const BioPtr bio(BIO_new_file(file.c_str(), "r"));
  while (bio) {
    X509Ptr certificate(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr));
    if (!certificate) break;
    certificates.push_back(std::move(certificate));
  }
  ERR_clear_error();  // the end of the file counts as an error
  return certificates;
}

std::string to_pem(const std::vector<X509Ptr>& certificates) {
  const BioPtr bio(BIO_new(BIO_s_mem()));
  for (const X509Ptr& certificate : certificates) PEM_write_bio_X509(bio.get(), certificate.get());
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return std::string(data, static_cast<std::size_t>(size));
}

// Verifies the first as a client does that trusts exactly these. Returns the failure, or nothing.
std::string why_not_verified(const std::vector<X509Ptr>& certificates) {
  const X509StorePtr store(X509_STORE_new());
  for (const X509Ptr& certificate : certificates)
    X509_STORE_add_cert(store.get(), certificate.get());
  X509_STORE_set_flags(store.get(), X509_V_FLAG_PARTIAL_CHAIN);
  const X509StoreCtxPtr context(X509_STORE_CTX_new());
  X509_STORE_CTX_init(context.get(), store.get(), certificates.front().get(), nullptr);
  X509_STORE_CTX_set_purpose(context.get(), X509_PURPOSE_SSL_SERVER);
  if (X509_verify_cert(context.get()) == 1) return {};
  return X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

// The first DNS name of a certificate that is no wildcard.
std::string first_name(X509* certificate) {
  void* found = X509_get_ext_d2i(certificate, NID_subject_alt_name, nullptr, nullptr);
  const GeneralNamesPtr names(static_cast<GENERAL_NAMES*>(found));
  const int count = names ? sk_GENERAL_NAME_num(names.get()) : 0;
  for (int i = 0; i < count; ++i) {
    int type = 0;
    const void* value = GENERAL_NAME_get0_value(sk_GENERAL_NAME_value(names.get(), i), &type);
    if (type != GEN_DNS) continue;
    const auto* text = static_cast<const ASN1_STRING*>(value);
    const void* data = ASN1_STRING_get0_data(text);
    std::string name(static_cast<const char*>(data),
                     static_cast<std::size_t>(ASN1_STRING_length(text)));
    if (!name.starts_with("*")) return name;
  }
  return {};
}

}  // namespace

Result<KubeconfigOut> KubeconfigOut::prepare(std::string file, const std::string& host,
                                             const ServerSecurityFlags& flags,
                                             ServerSecurity& security) {
  if (host.empty()) {
    return bad_flags(
        "--kubeconfig-out needs a --listen HOST:PORT: kubectl cannot reach a local socket");
  }
  KubeconfigOut kubeconfig;
  kubeconfig.host_ = reachable(host);
  Error error;
  if (makes_certificates(file, flags)) {
    error = kubeconfig.make_certificates(host, security);
  } else if (flags.authenticates() && security.tokens.empty()) {
    error = bad_flags(
        "--kubeconfig-out cannot show a certificate that --client-ca-file lets in; add "
        "--token-auth-file, whose "
        "first token it then has, or leave all of these flags away: serve then makes certificates "
        "by itself");
  } else {
    if (!security.tokens.empty()) kubeconfig.token_ = security.tokens.front().token;
    error = kubeconfig.use_certificate(flags.tls_cert_file);
  }
  if (error) return error;
  kubeconfig.file_ = std::move(file);
  return kubeconfig;
}

Error KubeconfigOut::make_certificates(const std::string& host, ServerSecurity& security) {
  std::vector<std::string> hosts = {host_, "localhost", "127.0.0.1", "::1"};
  if (host != host_) hosts.push_back(machine_name());
  if (hosts.back().empty()) hosts.pop_back();
  Result<Certificates> made = command::make_certificates(hosts, "uvspdy");
  if (!made) return made.error();
  net::TlsServerOptions tls;
  tls.key_pair.certificate.text = std::move(made->server.certificate);
  tls.key_pair.key.text = std::move(made->server.key);
  // Optional, so that a client without a certificate gets an HTTP 401.
  tls.client_certificate = net::ClientCertificate::kOptional;
  tls.client_ca.text = made->ca;
  auto context = net::TlsServerContext::create(tls);
  if (!context) return context.error();
  security.tls = std::move(*context);
  security.authenticates = true;
  ca_ = std::move(made->ca);
  client_certificate_ = std::move(made->client.certificate);
  client_key_ = std::move(made->client.key);
  return {};
}

// All certificates in the file become the client's CAs, since any of them may be the one it needs.
Error KubeconfigOut::use_certificate(const std::string& cert_file) {
  const std::vector<X509Ptr> certificates = read_certificates(cert_file);
  if (certificates.empty()) return unusable("finds no certificate in " + cert_file);
  const std::string why = why_not_verified(certificates);
  if (!why.empty()) {
    return unusable("would be of no use: no client can verify the certificate in " + cert_file +
                    ": " + why);
  }
  X509* certificate = certificates.front().get();
  if (X509_check_ip_asc(certificate, host_.c_str(), 0) != 1 &&
      X509_check_host(certificate, host_.data(), host_.size(), 0, nullptr) != 1) {
    tls_server_name_ = first_name(certificate);
    if (tls_server_name_.empty()) {
      return unusable("would be of no use: the certificate in " + cert_file + " is not for " +
                      host_ + ", nor for any name that a client could ask for");
    }
  }
  ca_ = to_pem(certificates);
  return {};
}

std::string KubeconfigOut::text(std::uint16_t port, const std::string& pod) const {
  YAML::Node cluster;
  cluster["server"] = url(host_, port);
  cluster["certificate-authority-data"] = base64(ca_);
  if (!tls_server_name_.empty()) cluster["tls-server-name"] = tls_server_name_;
  YAML::Node user(YAML::NodeType::Map);
  if (!token_.empty()) user["token"] = token_;
  if (!client_certificate_.empty()) {
    user["client-certificate-data"] = base64(client_certificate_);
    user["client-key-data"] = base64(client_key_);
  }
  constexpr const char* kName = "uvspdy";
  YAML::Node context;
  context["cluster"] = kName;
  context["user"] = kName;
  context["namespace"] = "default";

  const auto list_of_one = [](const std::string& name, const char* kind, const YAML::Node& node) {
    YAML::Node item;
    item["name"] = name;
    item[kind] = node;
    YAML::Node list;
    list.push_back(item);
    return list;
  };
  YAML::Node config;
  config["apiVersion"] = "v1";
  config["kind"] = "Config";
  config["clusters"] = list_of_one(kName, "cluster", cluster);
  config["users"] = list_of_one(kName, "user", user);
  config["contexts"] = list_of_one(pod, "context", context);
  config["current-context"] = pod;
  config["preferences"] = YAML::Node(YAML::NodeType::Map);
  YAML::Emitter emitter;
  // In quotes, else a token such as 0123 would be read as a number.
  emitter.SetStringFormat(YAML::DoubleQuoted);
  emitter << config;
  return std::string(emitter.c_str()) + "\n";
}

Result<FileReplacement> KubeconfigOut::write(std::uint16_t port, const std::string& pod) const {
  std::string content;
  try {
    content = text(port, pod);
  } catch (const YAML::Exception& exception) {
    return unusable(std::string("cannot be written: ") + exception.what());
  }
  return FileReplacement::write(file_, content);
}

}  // namespace uvspdy::command
