package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"time"
)

// answerTimeout is far above any answer that counts; it ends a run that hangs.
const answerTimeout = 30 * time.Second

// client is one keep-alive connection that speaks just enough HTTP/1.1 to load a
// server without costing much itself: requests are bytes made beforehand, the answer
// stands in buffers that the next one overwrites.
type client struct {
	addr   string
	conn   net.Conn
	in     *bufio.Reader
	status int
	head   []byte
	body   []byte
}

func dial(addr string) (*client, error) {
	c := &client{addr: addr}
	return c, c.redial()
}

func (c *client) redial() error {
	c.close()
	conn, err := net.DialTimeout("tcp", c.addr, answerTimeout)
	if err != nil {
		return err
	}
	c.conn, c.in = conn, bufio.NewReaderSize(conn, 16<<10)
	return nil
}

func (c *client) close() {
	if c.conn != nil {
		_ = c.conn.Close()
		c.conn = nil
	}
}

// do sends one request and reads its whole answer.
func (c *client) do(request []byte) error {
	if c.conn == nil {
		if err := c.redial(); err != nil {
			return err
		}
	}
	if err := c.conn.SetDeadline(time.Now().Add(answerTimeout)); err != nil {
		return err
	}
	if _, err := c.conn.Write(request); err != nil {
		return fmt.Errorf("send the request: %w", err)
	}
	if err := c.readHead(); err != nil {
		return fmt.Errorf("read the answer's head: %w", err)
	}
	if err := c.readBody(); err != nil {
		return fmt.Errorf("read the answer's body: %w", err)
	}
	if strings.EqualFold(c.header("Connection"), "close") {
		c.close()
	}
	return nil
}

func (c *client) readHead() error {
	c.head = c.head[:0]
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		if len(line) <= 2 {
			break
		}
		c.head = append(c.head, line...)
	}
	if len(c.head) < 12 {
		return errors.New("no status line")
	}
	status, err := strconv.Atoi(string(c.head[9:12]))
	c.status = status
	return err
}

func (c *client) readBody() error {
	c.body = c.body[:0]
	if strings.EqualFold(c.header("Transfer-Encoding"), "chunked") {
		return c.readChunks()
	}
	length := c.header("Content-Length")
	if length == "" {
		return nil
	}
	n, err := strconv.Atoi(length)
	if err != nil {
		return err
	}
	return c.append(n)
}

func (c *client) readChunks() error {
	for {
		line, err := c.in.ReadSlice('\n')
		if err != nil {
			return err
		}
		size, err := strconv.ParseInt(strings.TrimSpace(string(line)), 16, 32)
		if err != nil {
			return err
		}
		if err := c.append(int(size)); err != nil {
			return err
		}
		if _, err := c.in.Discard(2); err != nil {
			return err
		}
		if size == 0 {
			return nil
		}
	}
}

func (c *client) append(n int) error {
	from := len(c.body)
	c.body = append(c.body, make([]byte, n)...)
	_, err := io.ReadFull(c.in, c.body[from:])
	return err
}

// header gives the first value of a header, or nothing.
func (c *client) header(name string) string {
	for line := range bytes.Lines(c.head) {
		if len(line) > len(name) && line[len(name)] == ':' && bytes.EqualFold(line[:len(name)], []byte(name)) {
			return string(bytes.TrimSpace(line[len(name)+1:]))
		}
	}
	return ""
}

// cookies gives name=value of every cookie the answer set and did not delete.
func (c *client) cookies() string {
	var pairs []string
	for line := range bytes.Lines(c.head) {
		name, value, _ := strings.Cut(strings.TrimSpace(string(line)), ":")
		if !strings.EqualFold(name, "Set-Cookie") {
			continue
		}
		pair, attributes, _ := strings.Cut(strings.TrimSpace(value), ";")
		if !strings.HasSuffix(pair, "=") && !strings.Contains(attributes, "Max-Age=0") {
			pairs = append(pairs, pair)
		}
	}
	return strings.Join(pairs, "; ")
}

// field finds a string field in the JSON answer without decoding it all.
func (c *client) field(name string) string {
	_, after, found := bytes.Cut(c.body, []byte(`"`+name+`":"`))
	if !found {
		return ""
	}
	value, _, _ := bytes.Cut(after, []byte(`"`))
	return string(value)
}

// want turns an answer that is not the expected one into an error that shows it.
func (c *client) want(status int) error {
	if c.status == status {
		return nil
	}
	return fmt.Errorf("answer %d instead of %d: %.300s", c.status, status, c.body)
}

// get makes the bytes of a GET; headers are whole lines.
func get(host, path string, headers ...string) []byte {
	return request("GET", host, path, "", headers)
}

func postJSON(host, path, body string, headers ...string) []byte {
	return request("POST", host, path, body, append(headers, "Content-Type: application/json"))
}

func postForm(host, path, body string, headers ...string) []byte {
	return request("POST", host, path, body, append(headers, "Content-Type: application/x-www-form-urlencoded"))
}

func request(method, host, path, body string, headers []string) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "%s %s HTTP/1.1\r\nHost: %s\r\nUser-Agent: authd-bench\r\nAccept: */*\r\n", method, path, host)
	for _, h := range headers {
		b.WriteString(h + "\r\n")
	}
	if method == "POST" {
		fmt.Fprintf(&b, "Content-Length: %d\r\n", len(body))
	}
	b.WriteString("\r\n" + body)
	return b.Bytes()
}

// expect tells what is missing from an answer that should have a text in it.
func (c *client) expect(text string) error {
	if !bytes.Contains(c.body, []byte(text)) {
		return fmt.Errorf("the answer has no %s: %.200s", text, c.body)
	}
	return nil
}
