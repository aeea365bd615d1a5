// Command gateway accepts invoices over HTTP and appends them to a spool file
// from which ledgerline posts them.
package main

import (
	"encoding/json"
	"errors"
	"log"
	"net/http"
	"os"
	"sync"
	"time"
)

const (
	maxBodyBytes   = 192 << 10
	maxLines       = 250
	readTimeout    = 4 * time.Second
	defaultAddress = "127.0.0.1:8417"
)

// Line is one position of an invoice; the price is in minor units.
type Line struct {
	Text      string `json:"text"`
	Quantity  int    `json:"quantity"`
	UnitPrice int64  `json:"unit_price_minor"`
}

// Invoice is what a client posts.
type Invoice struct {
	Number   string `json:"number"`
	Customer string `json:"customer"`
	Issued   string `json:"issued"`
	Currency string `json:"currency"`
	Lines    []Line `json:"lines"`
}

// Validate reports the first thing that is wrong with an invoice.
func (i Invoice) Validate() error {
	switch {
	case i.Number == "" || i.Customer == "":
		return errors.New("number and customer are required")
	case len(i.Currency) != 3:
		return errors.New("currency must be a code of three letters")
	case len(i.Lines) == 0 || len(i.Lines) > maxLines:
		return errors.New("an invoice has between 1 and 250 lines")
	}
	if _, err := time.Parse(time.DateOnly, i.Issued); err != nil {
		return errors.New("issued must be a date such as 2025-03-01")
	}
	for _, line := range i.Lines {
		if line.Quantity <= 0 {
			return errors.New("quantities must be positive")
		}
	}
	return nil
}

// Spool appends invoices to a file, one JSON object a line.
type Spool struct {
	mutex sync.Mutex
	file  *os.File
}

// Append writes one invoice and waits until it is on the disk.
func (s *Spool) Append(invoice Invoice) error {
	s.mutex.Lock()
	defer s.mutex.Unlock()
	if err := json.NewEncoder(s.file).Encode(invoice); err != nil {
		return err
	}
	return s.file.Sync()
}

// ServeHTTP answers 202 once the invoice is safe, 422 when it is wrong.
func (s *Spool) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var invoice Invoice
	body := http.MaxBytesReader(w, r.Body, maxBodyBytes)
	if err := json.NewDecoder(body).Decode(&invoice); err != nil {
		http.Error(w, "not an invoice: "+err.Error(), http.StatusBadRequest)
		return
	}
	if err := invoice.Validate(); err != nil {
		http.Error(w, err.Error(), http.StatusUnprocessableEntity)
		return
	}
	if err := s.Append(invoice); err != nil {
		http.Error(w, "try again later", http.StatusServiceUnavailable)
		return
	}
	w.WriteHeader(http.StatusAccepted)
}

func main() {
	file, err := os.OpenFile("spool.jsonl", os.O_APPEND|os.O_CREATE|os.O_WRONLY, 0o600)
	if err != nil {
		log.Fatal(err)
	}
	routes := http.NewServeMux()
	routes.Handle("POST /invoices", &Spool{file: file})
	server := &http.Server{Addr: defaultAddress, Handler: routes, ReadTimeout: readTimeout}
	log.Fatal(server.ListenAndServe())
}
