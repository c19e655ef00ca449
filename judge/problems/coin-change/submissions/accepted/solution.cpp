#include <algorithm>
#include <cstdio>
#include <vector>

int main() {
    int k, s;
    if (std::scanf("%d %d", &k, &s) != 2) return 1;
    std::vector<int> best(s + 1, 1 << 20), coins(k);
    for (int &c : coins) std::scanf("%d", &c);
    best[0] = 0;
    for (int i = 1; i <= s; i++)
        for (int c : coins)
            if (c <= i) best[i] = std::min(best[i], best[i - c] + 1);
    std::printf("%d\n", best[s] < (1 << 20) ? best[s] : -1);
}
