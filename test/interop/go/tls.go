package main

import (
	"crypto/tls"
	"crypto/x509"
	"errors"
	"flag"
	"fmt"
	"os"
)

// tlsFiles are the flags that name certificates; kubectl's and kube-apiserver's
// names.
type tlsFiles struct {
	certificate string
	key         string
	ca          string
	serverName  string
	insecure    bool
}

func (f *tlsFiles) serverFlags(flags *flag.FlagSet) {
	flags.StringVar(&f.certificate, "tls-cert-file", "", "the server's certificate; none: no TLS")
	flags.StringVar(&f.key, "tls-private-key-file", "", "its key")
	flags.StringVar(&f.ca, "client-ca-file", "", "whose client certificates are let in")
}

func (f *tlsFiles) clientFlags(flags *flag.FlagSet) {
	flags.StringVar(&f.certificate, "client-certificate", "", "the client's certificate")
	flags.StringVar(&f.key, "client-key", "", "its key")
	flags.StringVar(&f.ca, "certificate-authority", "", "whose servers are trusted; none: the system's")
	flags.StringVar(&f.serverName, "tls-server-name", "", "in place of the URL's host")
	flags.BoolVar(&f.insecure, "insecure-skip-tls-verify", false, "trust any server")
}

func (f *tlsFiles) keyPair() ([]tls.Certificate, error) {
	if f.certificate == "" {
		return nil, nil
	}
	pair, err := tls.LoadX509KeyPair(f.certificate, f.key)
	return []tls.Certificate{pair}, err
}

func (f *tlsFiles) pool() (*x509.CertPool, error) {
	if f.ca == "" {
		return nil, nil
	}
	text, err := os.ReadFile(f.ca)
	if err != nil {
		return nil, err
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(text) {
		return nil, fmt.Errorf("%s: no certificate in it", f.ca)
	}
	return pool, nil
}

// serverConfig is nil without a certificate.
func (f *tlsFiles) serverConfig() (*tls.Config, error) {
	pair, err := f.keyPair()
	pool, poolErr := f.pool()
	if err := errors.Join(err, poolErr); err != nil || pair == nil {
		return nil, err
	}
	// HTTP/2 has no upgrade.
	config := &tls.Config{Certificates: pair, ClientCAs: pool, NextProtos: []string{"http/1.1"}}
	if pool != nil {
		config.ClientAuth = tls.VerifyClientCertIfGiven
	}
	return config, nil
}

func (f *tlsFiles) clientConfig() (*tls.Config, error) {
	pair, err := f.keyPair()
	pool, poolErr := f.pool()
	if err := errors.Join(err, poolErr); err != nil {
		return nil, err
	}
	return &tls.Config{
		Certificates:       pair,
		RootCAs:            pool,
		ServerName:         f.serverName,
		InsecureSkipVerify: f.insecure,
	}, nil
}
