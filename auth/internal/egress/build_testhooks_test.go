//go:build testhooks

package egress

const divertBuild = true
