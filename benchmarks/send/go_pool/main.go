// peer JOB RECIPIENTS: send with smtppool, a goroutine for each connection, nothing recorded.
package main

import (
	"bufio"
	"encoding/json"
	"fmt"
	"log"
	"net/textproto"
	"os"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"time"

	"github.com/knadh/smtppool/v2"
)

type job struct {
	Port        int      `json:"port"`
	Connections int      `json:"connections"`
	SenderName  string   `json:"sender_name"`
	SenderEmail string   `json:"sender_email"`
	Subject     string   `json:"subject"`
	Text        []string `json:"text"`
	HTML        []string `json:"html"`
}

type recipient struct {
	Email  string            `json:"email"`
	Name   string            `json:"name"`
	Values map[string]string `json:"values"`
}

func main() {
	var work job
	content, err := os.ReadFile(os.Args[1])
	check(err)
	check(json.Unmarshal(content, &work))

	began, cpuBefore := time.Now(), cpuSeconds()
	pool, err := smtppool.New(smtppool.Opt{
		Host: "127.0.0.1", Port: work.Port, MaxConns: work.Connections,
		IdleTimeout: 10 * time.Second, PoolWaitTimeout: 60 * time.Second,
	})
	check(err)
	count := send(pool, work, os.Args[2])
	seconds := time.Since(began).Seconds()
	fmt.Printf(`{"count": %d, "seconds": %f, "cpu_seconds": %f, "peak_mb": %f}`+"\n",
		count, seconds, cpuSeconds()-cpuBefore, peakMB())
}

func send(pool *smtppool.Pool, work job, path string) int {
	lines := make(chan []byte, work.Connections)
	var senders sync.WaitGroup
	for number := 0; number < work.Connections; number++ {
		senders.Add(1)
		go func() {
			defer senders.Done()
			for line := range lines {
				var one recipient
				check(json.Unmarshal(line, &one))
				check(pool.Send(email(work, one)))
			}
		}()
	}
	file, err := os.Open(path)
	check(err)
	count := 0
	for scanner := bufio.NewScanner(file); scanner.Scan(); count++ {
		lines <- append([]byte(nil), scanner.Bytes()...)
	}
	close(lines)
	senders.Wait()
	return count
}

func email(work job, one recipient) smtppool.Email {
	headers := textproto.MIMEHeader{}
	headers.Set("List-Unsubscribe", "<"+one.Values["unsubscribe_url"]+">")
	headers.Set("List-Unsubscribe-Post", "List-Unsubscribe=One-Click")
	return smtppool.Email{
		From:    fmt.Sprintf("%s <%s>", work.SenderName, work.SenderEmail),
		To:      []string{fmt.Sprintf("%q <%s>", one.Name, one.Email)},
		Subject: work.Subject,
		Text:    []byte(joined(work.Text, one.Values)),
		HTML:    []byte(joined(work.HTML, one.Values)),
		Headers: headers,
	}
}

func joined(pieces []string, values map[string]string) string {
	var text strings.Builder
	for place, piece := range pieces {
		if place%2 == 1 {
			piece = values[piece]
		}
		text.WriteString(piece)
	}
	return text.String()
}

func cpuSeconds() float64 {
	var used syscall.Rusage
	check(syscall.Getrusage(syscall.RUSAGE_SELF, &used))
	return float64(used.Utime.Nano()+used.Stime.Nano()) / 1e9
}

func peakMB() float64 {
	// Getrusage would also count what the parent held when it started this process.
	status, err := os.ReadFile("/proc/self/status")
	check(err)
	_, rest, _ := strings.Cut(string(status), "VmHWM:")
	kilobytes, err := strconv.Atoi(strings.Fields(rest)[0])
	check(err)
	return float64(kilobytes) / 1024
}

func check(err error) {
	if err != nil {
		log.Fatal(err)
	}
}
