// Program handshakes does mutual TLS between the proxies of a mesh, all the time, in every direction, and counts. It is told by lines of JSON
// who there is, and answers in lines of JSON: see emulator/handshakes.ts, which starts it. It ends with its input.
package main

import (
	"bufio"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"math/rand/v2"
	"net"
	"os"
	"strconv"
	"sync"
	"time"
)

// order is what emulator/handshakes.ts calls HandshakeOrder.
type order struct {
	Kind  string `json:"kind"`
	ID    int    `json:"id"`
	Pod   string `json:"pod"`
	Chain string `json:"chain"`
	Key   string `json:"key"`
	Roots string `json:"roots"`
}

type failure struct {
	At      int64     `json:"at"`
	Client  string    `json:"client"`
	Server  string    `json:"server"`
	Signers [2]string `json:"signers"`
	Reason  string    `json:"reason"`
}

type count struct {
	Succeeded int       `json:"succeeded"`
	Failed    int       `json:"failed"`
	Failures  []failure `json:"failures"`
}

type answer struct {
	ID    int   `json:"id"`
	Count count `json:"count"`
}

// proxy is what one pod speaks TLS with.
type proxy struct {
	certificate tls.Certificate
	roots       *x509.CertPool
	signer      string
}

type pair struct{ client, server string }

type mesh struct {
	lock    sync.Mutex
	proxies map[string]proxy
	// Pairs whose turn has not come in this round; the last is the next.
	round []pair
	// Who waits for the end of this round.
	asked []int
	count count
	out   *json.Encoder
}

func main() {
	perSecond, err := strconv.ParseFloat(os.Args[1], 64)
	if err != nil {
		panic(err)
	}
	m := &mesh{proxies: map[string]proxy{}, count: count{Failures: []failure{}}, out: json.NewEncoder(os.Stdout)}
	go m.run(time.Duration(float64(time.Second) / perSecond))
	lines := bufio.NewReaderSize(os.Stdin, 1<<20)
	for {
		line, err := lines.ReadBytes('\n')
		if err != nil {
			return
		}
		var o order
		if err := json.Unmarshal(line, &o); err != nil {
			panic(err)
		}
		m.take(o)
	}
}

func (m *mesh) take(o order) {
	m.lock.Lock()
	defer m.lock.Unlock()
	switch o.Kind {
	case "set":
		m.proxies[o.Pod] = proxyOf(o)
		// Whoever is new meets everybody first.
		for other := range m.proxies {
			if other != o.Pod {
				m.round = append(m.round, pair{o.Pod, other}, pair{other, o.Pod})
			}
		}
	case "remove":
		delete(m.proxies, o.Pod)
	case "count":
		m.answer(o.ID)
	case "round":
		m.round = m.allPairs()
		m.asked = append(m.asked, o.ID)
	default:
		panic("unknown order " + o.Kind)
	}
}

func (m *mesh) run(wait time.Duration) {
	for {
		started := time.Now()
		next, busy, waitedFor := m.next()
		if !busy {
			time.Sleep(100 * time.Millisecond)
			continue
		}
		m.handshake(next)
		// Nobody waits for the end of the round: the machine is left to others.
		if !waitedFor {
			time.Sleep(wait - time.Since(started))
		}
	}
}

// next is the pair whose turn it is, if there is one, and whether somebody waits for the end of the round.
func (m *mesh) next() (next pair, busy, waitedFor bool) {
	m.lock.Lock()
	defer m.lock.Unlock()
	if len(m.round) == 0 {
		for _, id := range m.asked {
			m.answer(id)
		}
		m.asked = nil
		m.round = m.allPairs()
	}
	if len(m.round) == 0 {
		return pair{}, false, false
	}
	next = m.round[len(m.round)-1]
	m.round = m.round[:len(m.round)-1]
	return next, true, len(m.asked) > 0
}

func (m *mesh) answer(id int) {
	if err := m.out.Encode(answer{id, m.count}); err != nil {
		os.Exit(0) // nobody listens any more
	}
}

// allPairs is every pair of present pods, both ways, mixed: neighbours in the list are replicas of one workload.
func (m *mesh) allPairs() []pair {
	pairs := []pair{}
	for client := range m.proxies {
		for server := range m.proxies {
			if client != server {
				pairs = append(pairs, pair{client, server})
			}
		}
	}
	rand.Shuffle(len(pairs), func(one, other int) { pairs[one], pairs[other] = pairs[other], pairs[one] })
	return pairs
}

func (m *mesh) handshake(p pair) {
	m.lock.Lock()
	from, there := m.proxies[p.client]
	to, too := m.proxies[p.server]
	m.lock.Unlock()
	if !there || !too {
		return
	}
	reason := refused(from, to)
	m.lock.Lock()
	defer m.lock.Unlock()
	if reason == "" {
		m.count.Succeeded++
		return
	}
	m.count.Failed++
	m.count.Failures = append(m.count.Failures, failure{time.Now().UnixMilli(), p.client, p.server, [2]string{from.signer, to.signer}, reason})
}

// refused does a whole handshake in memory, with certificates of both sides, and says why one side refuses the other; empty if none does.
func refused(from, to proxy) string {
	near, far := net.Pipe()
	defer near.Close()
	defer far.Close()
	late := time.Now().Add(10 * time.Second)
	near.SetDeadline(late)
	far.SetDeadline(late)

	var client, server error // the verdicts of the two sides
	dialing := tls.Client(near, from.config(&client))
	accepting := tls.Server(far, to.config(&server))
	dialed := make(chan error, 1)
	go func() {
		err := dialing.Handshake()
		dialed <- err
		// The server judges last: what it has to say must be read.
		if err == nil {
			io.Copy(io.Discard, dialing)
		}
	}()
	acceptError := accepting.Handshake()
	far.Close()
	dialError := <-dialed
	switch {
	case client != nil:
		return fmt.Sprintf("the client refuses the server: %v", client)
	case server != nil:
		return fmt.Sprintf("the server refuses the client: %v", server)
	case acceptError != nil:
		return acceptError.Error()
	case dialError != nil:
		return dialError.Error()
	}
	return ""
}

// config is that of either side. Proxies compare SPIFFE identities, not host names.
func (p proxy) config(verdict *error) *tls.Config {
	return &tls.Config{
		Certificates:           []tls.Certificate{p.certificate},
		ClientAuth:             tls.RequireAnyClientCert,
		InsecureSkipVerify:     true, // VerifyConnection verifies
		SessionTicketsDisabled: true,
		MinVersion:             tls.VersionTLS13,
		CurvePreferences:       []tls.CurveID{tls.X25519},
		VerifyConnection: func(state tls.ConnectionState) error {
			chain := x509.NewCertPool()
			for _, certificate := range state.PeerCertificates[1:] {
				chain.AddCert(certificate)
			}
			_, *verdict = state.PeerCertificates[0].Verify(x509.VerifyOptions{
				Roots:         p.roots,
				Intermediates: chain,
				KeyUsages:     []x509.ExtKeyUsage{x509.ExtKeyUsageAny},
			})
			return *verdict
		},
	}
}

func proxyOf(o order) proxy {
	certificate, err := tls.X509KeyPair([]byte(o.Chain), []byte(o.Key))
	if err != nil {
		panic(fmt.Sprintf("%s: %v", o.Pod, err))
	}
	block, _ := pem.Decode([]byte(o.Chain))
	leaf, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		panic(fmt.Sprintf("%s: %v", o.Pod, err))
	}
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM([]byte(o.Roots))
	return proxy{certificate, roots, leaf.Issuer.String()}
}
