#include <iostream>
#include <string>

int main() {
    long long n;
    std::cin >> n;
    long long low = 1, high = n;
    std::string answer;
    while (answer != "found") {
        long long middle = (low + high) / 2;
        std::cout << "? " << middle << std::endl;
        if (!(std::cin >> answer)) return 0;
        if (answer == "lower") high = middle - 1;
        if (answer == "higher") low = middle + 1;
    }
}
