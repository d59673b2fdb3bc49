package connector

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"
)

// A lane that is divided, however often, still has each of its resources once, and each holder of the current one.
func TestDividedLaneLosesNothing(t *testing.T) {
	t.Parallel()
	for _, rows := range []int{1, 2, 3, 4, 5, 63, 64, 65, 130, 1000} {
		for _, holders := range []int{0, 1, 4, 5, 13, 251, 3000} {
			for _, alone := range [][]bool{{false}, {true}, {false, false}, {false, true}, {true, true}, {false, false, true}} {
				t.Run(fmt.Sprintf("%d rows, %d holders, %v", rows, holders, alone), func(t *testing.T) {
					t.Parallel()
					lane := laneToken{Row: 7, End: 7 + rows}
					for i := range holders {
						lane.Step = stepRoles
						lane.Holders = append(lane.Holders, holder{Type: "user", ID: fmt.Sprint(i)})
					}
					lanes := []laneToken{lane}
					for _, isAlone := range alone {
						var divided []laneToken
						for _, token := range lanes {
							next, beside := token.divide(isAlone)
							if half, other, ok := next.halve(); ok {
								next, beside = half, append(beside, other)
							}
							require.Less(t, len(beside), 1024, "more than the SDK takes")
							require.LessOrEqual(t, len(next.Holders), manyHolders)
							divided = append(append(divided, next), beside...)
						}
						lanes = divided
					}
					requireEachOnce(t, lanes, rows, holders)
				})
			}
		}
	}
}

func requireEachOnce(t *testing.T, lanes []laneToken, rows, holders int) {
	t.Helper()
	seen, held := map[int]int{}, map[string]int{}
	for _, token := range lanes {
		require.NoError(t, token.check(7+rows))
		for _, h := range token.Holders {
			held[h.ID]++
		}
		for row := token.Row; row < token.End && !token.Part; row++ {
			seen[row]++
		}
	}
	require.Len(t, seen, rows)
	require.Len(t, held, holders)
	for row, times := range seen {
		require.Equal(t, 1, times, "row %d", row)
	}
	for id, times := range held {
		require.Equal(t, 1, times, "holder %s", id)
	}
	require.LessOrEqual(t, len(lanes), rows+holders+1)
}

// A lane is divided into pieces when all other types are through; not before, and not twice for the same reason.
func TestLaneIsDividedForWorkersThatAreFree(t *testing.T) {
	t.Parallel()
	lane := laneToken{End: 101}
	_, beside := lane.divide(false)
	require.Empty(t, beside)
	piece, pieces := lane.divide(true)
	require.Len(t, pieces, mostPieces)
	for _, token := range append(pieces, piece) {
		_, beside = token.divide(true)
		require.Empty(t, beside)
	}
}

// A type is alone when each resource of the others is through; another sync, and one that was begun elsewhere, know of none.
func TestCrew(t *testing.T) {
	t.Parallel()
	c := &crew{}
	require.False(t, c.isAlone("sync", resourceTypeProject))
	c.begin("sync", resourceTypeUser, 2, 2)
	c.begin("sync", resourceTypeGroup, 0, 0)
	require.False(t, c.isAlone("sync", resourceTypeUser), "the projects have not begun")
	c.begin("sync", resourceTypeProject, 9, 4)
	c.through("sync", resourceTypeUser, 1)
	require.False(t, c.isAlone("sync", resourceTypeProject))
	c.through("sync", resourceTypeUser, 1)
	require.True(t, c.isAlone("sync", resourceTypeProject))
	require.False(t, c.isAlone("sync", resourceTypeUser))
	require.False(t, c.isAlone("another", resourceTypeProject))
	c.through("another", resourceTypeProject, 9)
	require.False(t, c.isAlone("sync", resourceTypeUser))
	c.through("sync", resourceTypeProject, 9)
	require.True(t, c.isAlone("sync", resourceTypeUser))
	c.begin("another", resourceTypeUser, 1, 1)
	require.False(t, c.isAlone("another", resourceTypeProject))
}

// There are as many lanes as workers, but not before each type has its own, and a lane that ends makes room for another.
func TestCrewHiresWhoIsFree(t *testing.T) {
	t.Parallel()
	c := &crew{}
	require.False(t, c.hire("sync"))
	c.begin("sync", resourceTypeUser, 100, 4)
	c.begin("sync", resourceTypeGroup, 1, 1)
	require.False(t, c.hire("sync"), "the projects have not begun")
	c.begin("sync", resourceTypeProject, 9, 4)
	for range 3 {
		require.True(t, c.hire("sync"))
	}
	require.False(t, c.hire("sync"), "there are 12 lanes")
	require.False(t, c.hire("another"))
	c.divided("another", -1)
	require.False(t, c.hire("sync"))
	c.divided("sync", -1)
	require.True(t, c.hire("sync"))
	c.divided("sync", 64)
	require.False(t, c.hire("sync"))
}

// What is not worth a lane of its own stays in its lane.
func TestLaneIsHalved(t *testing.T) {
	t.Parallel()
	half, beside, ok := laneToken{Row: 3, End: 10}.halve()
	require.True(t, ok)
	require.Equal(t, []laneToken{{Row: 3, End: 7}, {Row: 7, End: 10}}, []laneToken{half, beside})
	_, _, ok = laneToken{Row: 3, End: 4, Step: stepRoles, Holders: make([]holder, fewHolders)}.halve()
	require.False(t, ok)
	half, beside, ok = laneToken{Row: 3, End: 4, Step: stepRoles, Holders: make([]holder, fewHolders+1)}.halve()
	require.True(t, ok)
	require.Equal(t, []int{3, 2}, []int{len(half.Holders), len(beside.Holders)})
	require.True(t, beside.Part)
}
